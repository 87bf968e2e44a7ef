import assert from 'node:assert/strict';
import { test } from 'node:test';
import { admits, resolvePackage } from '../../src/tally/index.ts';
import {
  all,
  builderKey,
  COMMIT_SECONDS,
  hexOf,
  PACKAGE,
  PUBLISHER,
  rulesWith,
  SECOND,
  World,
} from './world.ts';

const honest = hexOf('honest build');
const poison = hexOf('poison');
const urgent = { founders: 2, commitFloorSeconds: 20, voteFloorSeconds: 30, provisionalClusters: 3 };
const rules = rulesWith({ urgent, foundersQuorum: 2 });

function door(world: World, change: Parameters<World['release']>[0], signers: readonly string[]): string {
  const answer = admits(world.tally, world.releaseStatement(change), signers, world.nowMs);
  return answer.ok ? 'admitted' : answer.code;
}

test('an urgent release is signed by its publisher and two founders, and has floors of its own', () => {
  const world = World.founded(rules);
  const founders = [builderKey(0), builderKey(1)];
  assert.equal(door(world, { urgent: true }, [PUBLISHER]), 'wrong-signer');
  assert.equal(door(world, { urgent: true }, [PUBLISHER, builderKey(0)]), 'wrong-signer');
  assert.equal(door(world, { urgent: true }, founders), 'unknown-publisher');
  assert.equal(door(world, { urgent: true }, [PUBLISHER, ...founders]), 'admitted');
  const short = { commitSeconds: 20, voteSeconds: 30 };
  assert.equal(door(world, short, [PUBLISHER, ...founders]), 'window-below-floor');
  assert.equal(door(world, { urgent: true, ...short }, [PUBLISHER, ...founders]), 'admitted');
  const shorter = { urgent: true, commitSeconds: 19, voteSeconds: 30 };
  assert.equal(door(world, shorter, [PUBLISHER, ...founders]), 'window-below-floor');
});

test('a publisher who is a founder still needs two others', () => {
  const publishers = [{ prefix: 'pkg:npm/%40noble/', keys: [builderKey(0)] }];
  const world = World.founded(rulesWith({ urgent, publishers }));
  assert.equal(door(world, { urgent: true }, [builderKey(0), builderKey(1)]), 'wrong-signer');
  assert.equal(door(world, { urgent: true }, [builderKey(0), builderKey(1), builderKey(2)]), 'admitted');
});

test('three founder clusters without dissent make it provisional, which is no winner, until the verdict', () => {
  const world = World.founded(rules);
  const release = world.urgent();
  world.pass(SECOND);
  assert.equal(world.view(release).urgent, true);
  for (const number of [0, 1, 2]) world.commit(number, release, honest);
  world.pass(COMMIT_SECONDS * SECOND);
  for (const number of [0, 1]) world.vote(number, release, honest);
  world.audit(release, honest, 0, 1);
  assert.equal(world.view(release).state, 'voting', 'two are too few');
  world.vote(2, release, honest);
  assert.equal(world.view(release).state, 'voting', 'a vote without an audit does not count');
  world.audit(release, honest, 2);
  const view = world.view(release);
  assert.deepEqual([view.state, view.winner], ['provisional', null]);
  assert.deepEqual(view.provisional, { infoHashV2: honest, builders: [0, 1, 2].map(builderKey).sort() });
  assert.equal(resolvePackage(world.tally, PACKAGE)?.state, 'provisional');
  const final = world.verdict(release);
  assert.deepEqual([final.state, final.winner, final.provisional], ['final', honest, undefined]);
});

test('an ordinary release is never provisional', () => {
  const world = World.founded(rules);
  const release = world.opened();
  world.run(release, all(honest, 0, 1, 2));
  assert.equal(world.view(release).state, 'voting');
});

test('one founder that differs ends the provisional state, before any audit of it', () => {
  const world = World.founded(rules);
  const release = world.urgent();
  world.pass(SECOND);
  for (const number of [0, 1, 2]) world.commit(number, release, honest);
  world.commit(3, release, poison);
  world.pass(COMMIT_SECONDS * SECOND);
  for (const number of [0, 1, 2]) world.vote(number, release, honest);
  world.audit(release, honest, 0, 1, 2);
  assert.equal(world.view(release).state, 'provisional', 'absence is not dissent');
  world.vote(3, release, poison);
  assert.equal(world.view(release).state, 'voting');
  assert.equal(world.verdict(release).state, 'final', 'three of four are two thirds');
});

test('a poisoner that is no founder and no elder cannot hold it up; equivocation does not either', () => {
  const world = World.founded(rules);
  world.register(7);
  const release = world.urgent();
  world.pass(SECOND);
  for (const number of [0, 1, 2, 3]) world.commit(number, release, honest);
  world.commit(3, release, poison);
  world.commit(7, release, poison);
  world.pass(COMMIT_SECONDS * SECOND);
  for (const number of [0, 1, 2]) world.vote(number, release, honest);
  world.vote(7, release, poison);
  world.audit(release, honest, 0, 1, 2);
  world.audit(release, poison, 7);
  assert.equal(world.view(release).state, 'provisional');
});

test('known limit: a reputable minority above a third contests an urgent release openly', () => {
  const world = World.founded(rules);
  const release = world.urgent();
  world.pass(SECOND);
  world.run(release, new Map([0, 1, 2, 3, 4].map((number) => [number, number < 3 ? honest : poison])));
  assert.equal(world.view(release).state, 'voting');
  assert.equal(world.verdict(release).state, 'contested');
});
