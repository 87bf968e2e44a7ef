import assert from 'node:assert/strict';
import { test } from 'node:test';
import { majorityOutcome, thresholdOutcome } from '../../src/simulate/other-rules.ts';

test('a threshold of anybody takes whatever reached it, the bad and the good alike', () => {
  const outcomes = [
    [0, 0],
    [3, 2],
    [2, 3],
    [3, 3],
  ].map(([honest = 0, bad = 0]) => thresholdOutcome({ honest, false: bad }, 3));
  assert.deepEqual(outcomes, ['none', 'good', 'bad', 'both']);
});

test('a majority of nodes is what most of them said', () => {
  const outcomes = [
    [1, 1],
    [2, 1],
    [1, 2],
  ].map(([honest = 0, bad = 0]) => majorityOutcome({ honest, false: bad }));
  assert.deepEqual(outcomes, ['none', 'good', 'bad']);
});
