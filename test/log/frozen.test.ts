// Logs as earlier releases left them, one for each schema version: each must open for ever.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { fromHex, toUtf8 } from '../../src/bytes/index.ts';
import { auditLog } from './reading.ts';
import { appendText, LogInFolder, sha256Hex } from './samples.ts';

interface Frozen {
  size: number;
  root: string;
  /** Content of the head file. */
  head: string;
  firstTimeMs: number;
}

const vectors = new URL('vectors/', import.meta.url);
const versions = readdirSync(vectors).flatMap((name) => /^data-v\d+(?=\.json$)/.exec(name) ?? []);
assert.ok(versions.includes('data-v1'));

for (const version of versions) {
  test(`${version} opens, is what it was, and goes on`, async () => {
    const frozen = JSON.parse(readFileSync(new URL(`${version}.json`, vectors), 'utf8')) as Frozen;
    const place = await LogInFolder.make();
    try {
      writeFileSync(place.database, gunzipSync(readFileSync(new URL(`${version}.sqlite.gz`, vectors))));
      writeFileSync(place.head, frozen.head);
      const log = await place.open();
      assert.equal(log.size, frozen.size);
      const heads = [{ size: frozen.size, root: fromHex(frozen.root) }];
      const [first] = await auditLog(log, heads);
      assert.equal(first?.timeMs, frozen.firstTimeMs);
      assert.deepEqual(
        Buffer.from((await place.store.getBlob(sha256Hex('a blob'))) ?? []),
        Buffer.from('a blob'),
      );
      assert.deepEqual(
        Buffer.from((await place.store.getMeta('note')) ?? []),
        Buffer.from(toUtf8('a value')),
      );
      assert.equal((await appendText(log, 'entry 7')).index, 7);
      assert.equal((await appendText(log, 'a new entry')).index, frozen.size);
      await log.close();
      await auditLog(log, heads);
    } finally {
      await place.remove();
    }
  });
}
