// A disk that fails under a running tally: whoever meets it first, the service ends, and does not go on half alive.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { startTally } from '../../src/service/index.ts';
import { generateKey } from '../../src/statement/index.ts';
import { ask, builderEntry, makeCast, makeData, policyToml, post } from './tally-fixture.ts';

test('a tally whose store fails while somebody reads a blob ends, and says why', async (t) => {
  const cast = makeCast();
  const dataFolder = await makeData(t, cast);
  const database = join(dataFolder, 'log.sqlite');
  const pages = pagesOf(database, 'blobs');
  const tally = await startTally({ dataFolder });
  t.after(() => tally.close());
  await spoil(database, pages);
  const digest = createHash('sha256').update(policyToml(cast)).digest('hex');
  assert.equal((await ask(`${tally.url}/blob/${digest}`)).status, 500);
  await assert.rejects(tally.ended, { name: 'StoreError', code: 'failed' });
  await assert.rejects(post(tally, builderEntry(generateKey('b'), tally.origin)), /fetch failed/);
});

interface Pages {
  readonly sizeBytes: number;
  readonly numbers: readonly number[];
}

/** The first pages of a table and its indices. */
function pagesOf(path: string, table: string): Pages {
  const database = new DatabaseSync(path);
  try {
    const roots = database.prepare('SELECT rootpage FROM sqlite_schema WHERE tbl_name = ?').all(table);
    const sizeBytes = Number(database.prepare('PRAGMA page_size').get()?.['page_size']);
    return { sizeBytes, numbers: roots.map(({ rootpage }) => Number(rootpage)) };
  } finally {
    database.close();
  }
}

async function spoil(path: string, { sizeBytes, numbers }: Pages): Promise<void> {
  await using file = await open(path, 'r+');
  for (const number of numbers) {
    await file.write(Buffer.alloc(sizeBytes, 0xff), 0, sizeBytes, (number - 1) * sizeBytes);
  }
}
