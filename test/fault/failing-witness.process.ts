// Run by failing-file.test.ts, with failing-file.c loaded.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAddCheckpoint, generateCosigner, startWitness } from '../../src/witness/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { ALog } from '../witness/a-log.ts';
import { ask, send } from '../witness/scene.ts';
import { type FileCall, type FileFault, withFault } from './failing-file.ts';

/** How the write of a new head of 8 entries fails, the size of the head before, and what a witness that starts anew holds. */
const FAULTS: readonly (readonly [FileCall, FileFault, number, number])[] = [
  ['write', 'before', 5, 5],
  ['write', 'after', 0, 0],
  ['sync', 'before', 0, 0],
  ['sync', 'after', 5, 5],
  ['write', 'dying', 5, 5],
  ['sync', 'dying', 0, 8],
  ['sync', 'dying', 5, 8],
];

for (const [call, fault, old, held] of FAULTS) {
  test(`${call}, ${fault}: a head after ${old} entries`, async (t) => {
    const log = new ALog();
    log.grow(12);
    const dataFolder = temporaryFolder('witness');
    const options = { dataFolder, cosigners: [generateCosigner('w', 'ed25519')], logs: [log.key.vkey] };
    const start = async () => {
      const witness = await startWitness(options);
      t.after(() => witness.close().catch(() => undefined));
      return witness;
    };
    const first = await start();
    if (old > 0) assert.equal((await ask(first.url, log, 0, old)).status, 200);
    await withFault([call, fault, 'witness.sqlite'], async () => {
      const answer = await ask(first.url, log, old, 8);
      assert.equal(answer.status, 500);
      assert.doesNotMatch(answer.text, /—/, 'no cosignature');
      await assert.rejects(first.ended, { name: 'WitnessError', code: 'bad-state' });
      await first.close().catch(() => undefined);
    });

    const second = await start();
    const look = await ask(second.url, log, 12, 12);
    assert.deepEqual([look.status, look.text], [409, `${held}\n`]);
    if (held > 0) {
      const { note } = log.lie(held, new Uint8Array(32).fill(1));
      assert.equal(
        (await send(second.url, formatAddCheckpoint({ oldSize: held, proof: [], note }))).status,
        422,
      );
    }
    const good = await ask(second.url, log, held, 8);
    assert.deepEqual([good.status, good.text.startsWith('— w ')], [200, true]);
    await second.close();
    const third = await start();
    assert.equal((await ask(third.url, log, 12, 12)).text, '8\n', 'what was cosigned stands');
  });
}
