import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { sha256 } from '../../src/statement/index.ts';
import { emptyTally } from '../../src/tally/index.ts';
import { drawLots } from '../../src/tally/lottery.ts';
import { pushTimer, takeTimer } from '../../src/tally/timers.ts';
import { LOG, ORIGIN } from './world.ts';

const seedOf = (text: string) => createHash('sha256').update(text).digest();
const letters = 'abcdefghij'.split('');

test('the lottery gives what docs/protocol.md says', () => {
  assert.equal(drawLots(sha256, seedOf('seed'), letters, 10).join(''), 'adihfgbcje');
});

test('a draw is the beginning of the whole shuffle, each item once, and leaves the items as they are', () => {
  const seeds = fc.string().map(seedOf);
  fc.assert(
    fc.property(seeds, fc.uniqueArray(fc.string()), fc.nat({ max: 20 }), (seed, items, count) => {
      const before = [...items];
      const whole = drawLots(sha256, seed, items, items.length);
      assert.deepEqual(whole.toSorted(), items.toSorted());
      assert.deepEqual(drawLots(sha256, seed, items, count), whole.slice(0, count));
      assert.deepEqual(items, before);
    }),
  );
});

test('everybody is drawn as often as anybody', () => {
  const drawn = new Map<string, number>();
  for (let round = 0; round < 2000; round += 1) {
    for (const item of drawLots(sha256, seedOf(`round ${round}`), letters, 3)) {
      drawn.set(item, (drawn.get(item) ?? 0) + 1);
    }
  }
  for (const letter of letters) {
    // 2,000 × 3/10 = 600, give or take five standard deviations of 20.5.
    const times = drawn.get(letter) ?? 0;
    assert.ok(times > 500 && times < 700, `${letter} was drawn ${times} times`);
  }
});

test('timers come in the order of their times, and none before its time', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 50 })), fc.nat({ max: 50 }), (times, nowMs) => {
      const tally = emptyTally({ origin: ORIGIN, logKey: LOG, sha256 });
      for (const timeMs of times) pushTimer(tally, { timeMs, key: String(timeMs) });
      tally.timeMs = nowMs;
      const taken: number[] = [];
      for (let key = takeTimer(tally); key !== undefined; key = takeTimer(tally)) taken.push(Number(key));
      const due = times.filter((timeMs) => timeMs <= nowMs);
      assert.deepEqual(
        taken,
        due.toSorted((left, right) => left - right),
      );
      assert.equal(tally.timers.length, times.length - due.length);
    }),
  );
});
