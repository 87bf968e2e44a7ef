import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VoteIndex } from '../../src/service/vote-index.ts';

const HONEST = 'ab'.repeat(32);
/** An infohash that shares the truncated form of the honest one, as a mirror may write into a vote. */
const squatting = (number: number): string => HONEST.slice(0, 40) + String(number).padStart(24, '0');

test('strangers that vote first for infohashes with the same truncated form hide nobody', () => {
  const votes = new VoteIndex();
  for (let number = 0; number < 100; number += 1) {
    votes.add({ release: 'r', builder: `stranger ${number}`, infoHashV2: squatting(number) });
  }
  const honest = { release: 'r', builder: 'honest', infoHashV2: HONEST };
  votes.add(honest);
  votes.pass(honest);
  const truncated = HONEST.slice(0, 40);
  assert.ok([...votes.wholesOf(truncated)].includes(HONEST));
  assert.ok([...votes.infoHashes()].includes(HONEST));
  assert.ok([...votes.wholesOf(truncated)].length < 20, 'and what is told of one swarm stays bounded');
  assert.ok(votes.isAudited('honest', HONEST));
});
