import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builderView } from '../../src/tally/index.ts';
import { all, builderKey, COMMIT_SECONDS, hexOf, rulesWith, SECOND, VOTE_SECONDS, World } from './world.ts';

const honest = hexOf('honest build');
const variant = hexOf('the variant, built');
const COPIER = 7;
const EVERYBODY = [0, 1, 2, 3, 4, COPIER];

function tenureOf(world: World, number: number) {
  return builderView(world.tally, builderKey(number))?.tenure ?? assert.fail();
}

/** A world whose recipes offer one variant, with groups of all who commit. */
function worldWith(): World {
  const base = rulesWith();
  const windows = { commitSeconds: COMMIT_SECONDS, voteSeconds: VOTE_SECONDS };
  const world = World.founded({ ...base, canary: { ...base.canary, group: EVERYBODY.length, ...windows } });
  world.register(COPIER);
  return world;
}

/** A release that too few built, so that it failed, released again with another time. */
function failedOnce(world: World): string {
  const failed = world.opened();
  world.run(failed, all(honest, 0, 1));
  assert.equal(world.verdict(failed).state, 'failed');
  const again = world.opened();
  assert.notEqual(again, failed);
  return again;
}

test('a release again after it failed: who copies what was voted for then has built nothing', () => {
  const world = worldWith();
  const again = failedOnce(world);
  world.run(again, all(honest, ...EVERYBODY));
  assert.equal(world.verdict(again).winner, honest);
  for (const number of EVERYBODY) assert.equal(tenureOf(world, number).builds, 0);
  assert.equal(world.tally.builders.get(builderKey(COPIER))?.record.matched, 1, 'its record shows the match');
});

test('a release again after it failed: what nobody had shown is a build', () => {
  const world = worldWith();
  const failed = world.opened();
  world.run(failed, all(hexOf('a broken build'), 0, 1));
  assert.equal(world.verdict(failed).state, 'failed');
  const again = world.opened();
  world.run(again, all(honest, ...EVERYBODY));
  assert.equal(world.verdict(again).winner, honest);
  for (const number of EVERYBODY) assert.equal(tenureOf(world, number).builds, 1);
});

/** The canary of a release that everybody commits to, built by all of its group. */
function canaryOf(world: World, version: number): void {
  const release = world.opened({ package: `pkg:npm/%40noble/n@1.0.${version}`, canaryVariants: 1 });
  for (const number of EVERYBODY) world.commit(number, release, hexOf(`build ${version}`));
  world.pass(COMMIT_SECONDS * SECOND);
  const canary = [...world.tally.canaries.values()].at(-1) ?? assert.fail();
  assert.equal(canary.release.digest, release);
  for (const number of EVERYBODY) world.commit(number, canary.digest, variant);
  world.pass(COMMIT_SECONDS * SECOND);
  for (const number of EVERYBODY) world.vote(number, canary.digest, variant);
  world.pass(VOTE_SECONDS * SECOND);
  assert.equal(canary.phase, 'final');
}

test('the same variant of a recipe again: a copy of what its first group showed is no canary', () => {
  const world = worldWith();
  canaryOf(world, 1);
  assert.equal(tenureOf(world, COPIER).canaries, 1);
  canaryOf(world, 2);
  assert.deepEqual(
    EVERYBODY.map((number) => tenureOf(world, number).canaries),
    EVERYBODY.map(() => 1),
  );
  assert.equal(world.tally.alarmsTotal, 0);
});
