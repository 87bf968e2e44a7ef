// Which reads are done in the event loop: those that wait for no disk.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Layout } from '../../src/swarm/layout.ts';
import { RecentReads } from '../../src/swarm/serving/recent-reads.ts';

const PIECE_BYTES = 65_536;
const MINUTE_MS = 60_000;

function setUp(sizeBytes: number): { recent: RecentReads; wait: (ms: number) => void } {
  let nowMs = 5_000_000;
  const layout = new Layout(PIECE_BYTES, [{ path: ['content'], sizeBytes, executable: false }]);
  const wait = (ms: number): void => {
    nowMs += ms;
  };
  return { recent: new RecentReads(layout, () => nowMs), wait };
}

test('what was verified or read within the last minute is read at once, all else by other threads', () => {
  const { recent, wait } = setUp(16 * PIECE_BYTES);
  assert.equal(recent.holds(0, 15), true);
  wait(MINUTE_MS);
  assert.equal(recent.holds(0, 15), false);
  recent.read(3, 5);
  assert.equal(recent.holds(3, 5), true);
  assert.equal(recent.holds(2, 5), false);
  assert.equal(recent.holds(3, 6), false);
  wait(MINUTE_MS / 2);
  recent.read(4, 4, 1);
  wait(MINUTE_MS / 2);
  assert.equal(recent.holds(4, 4), true);
  assert.equal(recent.holds(3, 3), false);
});

test('one read that was slow all the same leaves a minute of reads to other threads', () => {
  const { recent, wait } = setUp(16 * PIECE_BYTES);
  recent.read(0, 0, 200);
  assert.equal(recent.holds(0, 0), false);
  wait(MINUTE_MS - 1);
  assert.equal(recent.holds(0, 0), false);
  recent.read(0, 0);
  wait(1);
  assert.equal(recent.holds(0, 0), true);
});

test('content that is large beside the memory is never taken to be there', () => {
  const { recent } = setUp(2 ** 22 * PIECE_BYTES); // 256 GiB
  assert.equal(recent.holds(0, 0), false);
});
