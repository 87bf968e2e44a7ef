// A log on a disk that runs full and is freed again. Its folder is a small file system of its own; it ends with 0 when
// everything was as it should be, and says on standard output what it saw.
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openHeadFile, openLog } from '../../src/log/index.ts';
import { openSqliteStore } from '../../src/store/index.ts';
import { auditLog } from '../log/reading.ts';
import { appendText, logKey, published, refused } from '../log/samples.ts';

const [folder = ''] = process.argv.slice(2);
const ballast = join(folder, 'ballast');
writeFileSync(ballast, Buffer.alloc(1_500_000));
const store = await openSqliteStore({ path: join(folder, 'log.sqlite') });
const log = await openLog({
  store,
  signer: logKey,
  head: openHeadFile(join(folder, 'head')),
  checkpointEveryMs: 5,
  onFault: (error) => assert.match(String(error), /no space left/),
});
const acknowledged = new Map<string, number>();
let refusals = 0;

/** Several writers send; what is refused is not sent again. */
async function send(round: string, each: number): Promise<void> {
  const write = async (writer: number): Promise<void> => {
    for (let count = 0; count < each; count += 1) {
      const text = `${round} ${writer} ${count} ${'x'.repeat(500)}`;
      try {
        acknowledged.set(text, (await appendText(log, text)).index);
      } catch (error) {
        assert.ok(refused('storage', /no space left on the disk: free some/)(error), String(error));
        refusals += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer)));
}

await send('before', 400);
assert.ok(refusals > 100 && acknowledged.size > 100, `${acknowledged.size} kept, ${refusals} refused`);
const before = acknowledged.size;
rmSync(ballast);
await send('after', 30);
assert.equal(acknowledged.size, before + 240, 'with room again the same process takes every entry');
await published(log, log.size);
const entries = await auditLog(log);
const found = new Map(entries.map(({ envelope, index }) => [Buffer.from(envelope).toString(), index]));
assert.deepEqual(
  Object.fromEntries(found),
  Object.fromEntries(acknowledged),
  'what was refused is not there',
);
await log.close();
await store.close();
