// A process that logs is killed by SIGKILL at random moments, over and over on one folder; after each time, all
// that it ever promised must be true.
//
//   npm run fault            1,000 rounds instead of the 50 of every day
//   BITQUORUM_KILL_SEED=…    the moments of an earlier run
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '../../src/bytes/index.ts';
import { auditLog } from '../log/reading.ts';
import { LogInFolder } from '../log/samples.ts';
import { liveAndDie } from './killed-writer.ts';
import { SeededRandom, seedFrom } from './random.ts';
import { WriterHistory } from './writer-history.ts';

const ROUNDS = Number(process.env['BITQUORUM_KILL_ROUNDS'] ?? 50);

test(`${ROUNDS} kills lose no acknowledged entry, never fork or shrink the log, never turn time back`, async (t) => {
  const seed = seedFrom('BITQUORUM_KILL_SEED');
  t.diagnostic(`BITQUORUM_KILL_SEED=${seed}`);
  const random = new SeededRandom(seed);
  const place = await LogInFolder.make();
  const history = new WriterHistory();
  let acks = 0;
  let starts = 0;
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      const report = await liveAndDie(place.folder, round, random);
      const log = await place.open();
      await history.check(log, report);
      await place.close();
      acks += report.acks.length;
      starts += report.isReady ? 1 : 0;
    }
    const log = await place.open();
    const entries = await auditLog(log);
    assert.deepEqual(
      entries.map(({ leafHash }) => toHex(leafHash)),
      history.leafHashes,
      'what was read after each kill is what is there in the end',
    );
    t.diagnostic(`${starts} lives that got to work, ${acks} acknowledgements, ${entries.length} entries`);
    assert.ok(starts > ROUNDS / 2 && acks > ROUNDS, 'the test did kill a log at work');
  } finally {
    await place.remove();
  }
});
