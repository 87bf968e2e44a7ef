import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { parseEntryBundle } from '../../src/log/index.ts';
import { startTally } from '../../src/service/index.ts';
import { openEnvelope } from '../../src/statement/index.ts';
import { ManualClock } from './manual-clock.ts';
import { ask, digestOf, makeCast, makeData, post, releaseEntry, until } from './tally-fixture.ts';

const WINDOW_SECONDS = 100;

/** Kinds of all published entries, once there are so many. */
async function kindsOf(tally: { url: string }, size: number): Promise<string[]> {
  const { body } = await until(
    () => ask(`${tally.url}/api/v1/status`),
    (answer) => (answer.body['size'] as number) >= size,
  );
  const known = body['size'] as number;
  const bundle = await until(
    () => fetch(`${tally.url}/tile/entries/000.p/${known}`),
    ({ status }) => status === 200,
  );
  const leaves = parseEntryBundle(new Uint8Array(await bundle.arrayBuffer()), known);
  return leaves.map((leaf) => openEnvelope(leaf.subarray(8)).statement.kind);
}

test('what the log owes is written when it is due, by the clock that is given, and once', async (t) => {
  const cast = makeCast();
  const dataFolder = await makeData(cast, WINDOW_SECONDS);
  const clock = new ManualClock(Date.now());
  const tally = await startTally({ dataFolder, clock });
  t.after(() => tally.close());
  await post(tally, releaseEntry(cast.publisher, tally.origin, { windowSeconds: WINDOW_SECONDS }));
  clock.advance(0);
  assert.deepEqual(await kindsOf(tally, 3), ['policy', 'release', 'open']);
  clock.advance(WINDOW_SECONDS - 1);
  await pause(100);
  assert.equal((await kindsOf(tally, 3)).length, 3, 'not before its time');
  clock.advance(1);
  assert.deepEqual((await kindsOf(tally, 4)).slice(3), ['close']);
  clock.advance(WINDOW_SECONDS);
  assert.deepEqual((await kindsOf(tally, 6)).slice(4), ['verdict', 'state']);
  clock.advance(600);
  assert.deepEqual((await kindsOf(tally, 7)).slice(6), ['heartbeat']);
  await pause(100);
  assert.equal((await kindsOf(tally, 7)).length, 7);
});

test('what fell due while the tally was down is written at its start, and not again at the next', async (t) => {
  const cast = makeCast();
  const dataFolder = await makeData(cast, WINDOW_SECONDS);
  const clock = new ManualClock(Date.now());
  const first = await startTally({ dataFolder, clock });
  const release = releaseEntry(cast.publisher, first.origin, { windowSeconds: WINDOW_SECONDS });
  await post(first, release);
  clock.advance(0);
  await kindsOf(first, 3);
  await first.close();
  clock.advance(WINDOW_SECONDS);
  const expected = ['policy', 'release', 'open', 'close'];
  for (let round = 0; round < 3; round += 1) {
    const tally = await startTally({ dataFolder, clock });
    assert.deepEqual(await kindsOf(tally, 4), expected);
    await tally.close();
  }
  clock.advance(WINDOW_SECONDS);
  const last = await startTally({ dataFolder, clock });
  t.after(() => last.close());
  assert.deepEqual(await kindsOf(last, 6), [...expected, 'verdict', 'state']);
  assert.equal((await ask(`${last.url}/api/v1/releases/${digestOf(release)}`)).body['state'], 'failed');
});

test('a statement that is a day old is refused by the clock, however good its signature', async (t) => {
  const cast = makeCast();
  const dataFolder = await makeData(cast, WINDOW_SECONDS);
  const clock = new ManualClock(Date.now());
  const tally = await startTally({ dataFolder, clock });
  t.after(() => tally.close());
  const { body } = await ask(`${tally.url}/api/v1/status`);
  assert.equal(body['size'], 1);
  const old = releaseEntry(cast.publisher, tally.origin, { windowSeconds: WINDOW_SECONDS });
  clock.advance(25 * 3600);
  const answer = await post(tally, old);
  assert.deepEqual([answer.status, answer.body['code']], [400, 'wrong-time']);
  assert.deepEqual(await kindsOf(tally, 2), ['policy', 'state']);
});
