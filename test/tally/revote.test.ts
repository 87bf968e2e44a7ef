import assert from 'node:assert/strict';
import { test } from 'node:test';
import { admits, resolvePackage } from '../../src/tally/index.ts';
import {
  all,
  builderKey,
  COMMIT_SECONDS,
  HOUR,
  hexOf,
  PACKAGE,
  PUBLISHER,
  rulesWith,
  SECOND,
  World,
} from './world.ts';

const honest = hexOf('honest build');
const backdoor = hexOf('backdoor');

function door(world: World, release: string, ...signers: string[]): string {
  const answer = admits(world.tally, world.revoteStatement(release), signers, world.nowMs);
  return answer.ok ? 'admitted' : answer.code;
}

test('founders overturn a verdict: a fresh panel decides, and what was stays in the record', () => {
  const world = World.founded();
  const release = world.opened();
  world.run(release, all(backdoor, 0, 1, 2));
  const wrong = world.verdict(release);
  assert.equal(wrong.winner, backdoor);
  assert.equal(door(world, release, PUBLISHER), 'wrong-signer');
  assert.equal(door(world, release, builderKey(3)), 'wrong-signer');
  assert.equal(door(world, release, builderKey(3), builderKey(4)), 'admitted');
  world.revote(release, [3, 4]);
  const running = resolvePackage(world.tally, PACKAGE);
  assert.deepEqual([running?.state, running?.winner, running?.round], ['announced', null, 1]);
  world.pass(SECOND);
  assert.equal(world.view(release).state, 'committing');
  world.run(release, all(honest, 1, 2, 3, 4));
  const view = world.verdict(release);
  assert.deepEqual([view.state, view.winner, view.round], ['final', honest, 1]);
  assert.deepEqual(
    view.earlier.map(({ state, infoHashV2, timeMs }) => [state, infoHashV2, timeMs]),
    [['final', backdoor, wrong.verdictMs]],
  );
  const record = (number: number) => world.tally.builders.get(builderKey(number))?.record;
  assert.deepEqual([record(0)?.matched, record(1)?.matched, record(3)?.matched], [1, 2, 1], 'forward only');
  const builds = (number: number) => world.tally.builders.get(builderKey(number))?.life.tenure.builds;
  assert.deepEqual([builds(0), builds(1), builds(3)], [1, 1, 0], 'a copy of what is public is no build');
  assert.equal(world.tally.alarmsTotal, 0);
});

test('a contested release may be asked about again by founders, not by its publisher', () => {
  const world = World.founded();
  const release = world.opened();
  world.run(release, new Map([0, 1, 2, 3].map((number) => [number, number < 2 ? honest : backdoor])));
  assert.equal(world.verdict(release).state, 'contested');
  assert.equal(door(world, release, PUBLISHER), 'wrong-signer');
  world.revote(release);
  world.pass(SECOND);
  world.run(release, all(honest, 0, 1, 2));
  assert.equal(world.verdict(release).winner, honest);
});

test('a release without a verdict is not asked about again', () => {
  const world = World.founded();
  const release = world.opened();
  const founders = [builderKey(0), builderKey(1)];
  assert.equal(door(world, release, ...founders), 'too-early');
  world.run(release, all(honest, 0, 1, 2));
  assert.equal(door(world, release, ...founders), 'too-early');
  world.verdict(release);
  world.revote(release);
  assert.equal(door(world, release, ...founders), 'too-early');
});

test('what was said in an earlier round does not count in the next', () => {
  const world = World.founded();
  const release = world.opened();
  for (const number of [0, 1, 2]) world.commit(number, release, honest);
  const old = world.entries.at(-1) ?? assert.fail();
  world.pass(COMMIT_SECONDS * SECOND);
  for (const number of [0, 1, 2]) world.vote(number, release, honest);
  world.audit(release, honest, 0, 1, 2);
  assert.equal(world.verdict(release).state, 'final');
  world.revote(release);
  world.pass(SECOND);
  assert.deepEqual(world.view(release).groups, []);
  world.append(old.statement, [builderKey(2)]);
  assert.equal(world.tally.refusals.at(-1)?.code, 'wrong-time', 'a log cannot commit for a builder');
  world.pass(COMMIT_SECONDS * SECOND);
  assert.equal(world.verdict(release).state, 'failed');
});

test('a revote follows the rules of today, and its panel those who are eligible today', () => {
  const world = World.founded(rulesWith({ minimumVotes: 2 }), 4);
  const release = world.opened();
  world.run(release, all(honest, 0, 1, 2));
  world.verdict(release);
  world.policy(rulesWith({ minimumVotes: 4 }), [builderKey(0), builderKey(1)], world.nowMs + 24 * 14 * HOUR);
  world.pass(24 * 14 * HOUR);
  world.register(4);
  world.revote(release);
  world.pass(SECOND);
  assert.deepEqual([world.view(release).quorum, world.view(release).panel.length], [4, 5]);
});

test('a release is voted on at most seventeen times', () => {
  const world = World.founded();
  const release = world.opened();
  for (let round = 0; round <= 16; round += 1) {
    world.pass(COMMIT_SECONDS * SECOND);
    world.verdict(release);
    world.revote(release);
    world.pass(SECOND);
  }
  assert.equal(world.view(release).earlier.length, 16);
  assert.equal(world.tally.refusals.at(-1)?.code, 'taken');
});
