import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Statement } from '../../src/statement/index.ts';
import { admits, entriesDue, lightValue, resolvePackage, stateReason } from '../../src/tally/index.ts';
import { compareByProof } from './by-proof.ts';
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
const stranger = hexOf('stranger');
const founders = [builderKey(0), builderKey(1)];
const NEWER = 'pkg:npm/%40noble/hashes@2.0.2';

function door(world: World, statement: Statement, ...signers: string[]): string {
  const answer = admits(world.tally, statement, signers, world.nowMs);
  return answer.ok ? 'admitted' : answer.code;
}

function final(world: World): string {
  const release = world.opened();
  world.run(release, all(honest, 0, 1, 2));
  assert.equal(world.verdict(release).state, 'final');
  return release;
}

test('a release that a newer version supersedes says so, and keeps its winner', () => {
  const world = World.founded();
  const old = final(world);
  const newer = world.opened({ package: NEWER });
  const statement = world.supersedeStatement(old, newer);
  assert.equal(door(world, statement, stranger), 'wrong-signer');
  assert.equal(door(world, statement, ...founders), 'wrong-signer');
  assert.equal(door(world, statement, PUBLISHER), 'admitted');
  const { index } = world.supersede(old, newer);
  const view = resolvePackage(world.tally, PACKAGE);
  assert.deepEqual([view?.state, view?.winner], ['superseded', honest]);
  assert.deepEqual(view?.ended, { kind: 'superseded', index, reason: 'a wrong recipe', by: newer });
  assert.equal(door(world, statement, PUBLISHER), 'too-late');
  assert.equal(world.view(newer).state, 'committing');
});

test('a release is superseded only by a later one that stands', () => {
  const world = World.founded();
  const first = world.opened();
  const second = world.opened({ package: NEWER });
  assert.equal(door(world, world.supersedeStatement(second, first), PUBLISHER), 'wrong-content');
  assert.equal(door(world, world.supersedeStatement(first, hexOf('none')), PUBLISHER), 'unknown-release');
  const wild = world.release({ package: 'pkg:npm/%40noble/wild@1.0.0' }, stranger);
  assert.equal(door(world, world.supersedeStatement(first, wild), PUBLISHER), 'wrong-content');
  world.takedown(second);
  assert.equal(door(world, world.supersedeStatement(first, second), PUBLISHER), 'wrong-content');
  assert.equal(door(world, world.supersedeStatement(first, first), PUBLISHER), 'wrong-content');
});

test('a release that is superseded while builders work ends without a verdict', () => {
  const world = World.founded();
  const old = world.opened();
  world.commit(0, old, honest);
  const newer = world.opened({ package: NEWER });
  const { index } = world.supersede(old, newer);
  world.commit(1, old, honest);
  assert.equal(world.tally.refusals.at(-1)?.code, 'too-late');
  world.pass(COMMIT_SECONDS * SECOND);
  assert.deepEqual([world.view(old).state, world.view(old).winner], ['superseded', null]);
  assert.equal(
    world.standing(old, 0),
    `not counted: this release was superseded before its verdict (entry ${index})`,
  );
  assert.equal(world.tally.alarmsTotal, 0);
});

test('a publisher corrects a recipe before anybody has shown a build: the second release gets name and panel', () => {
  const world = World.founded();
  const wrong = world.opened();
  const right = world.release({ recipe: { sha256: hexOf('right recipe'), sizeBytes: 1 } });
  assert.equal(resolvePackage(world.tally, PACKAGE)?.state, 'contested');
  world.supersede(wrong, right);
  world.pass(SECOND);
  assert.deepEqual([world.view(right).state, world.view(right).panel.length], ['committing', 5]);
  world.run(right, all(honest, 0, 1, 2));
  world.verdict(right);
  assert.deepEqual(
    [resolvePackage(world.tally, PACKAGE)?.digest, resolvePackage(world.tally, PACKAGE)?.winner],
    [right, honest],
  );
  assert.equal(world.tally.alarmsTotal, 0);
});

test('a stolen publisher’s key cannot give a name with a verdict to other bytes', () => {
  const world = World.founded();
  const old = final(world);
  const evil = world.opened({ recipe: { sha256: hexOf('evil recipe'), sizeBytes: 1 } });
  assert.equal(door(world, world.supersedeStatement(old, evil), PUBLISHER), 'taken');
  world.supersede(old, evil);
  assert.equal(world.view(old).state, 'final');
  // A takedown by that key costs the name, and gives it to nobody.
  world.takedown(old);
  world.pass(SECOND);
  const view = resolvePackage(world.tally, PACKAGE);
  assert.deepEqual([view?.digest, view?.state, view?.winner], [old, 'taken down', null]);
  assert.deepEqual([world.view(evil).state, world.view(evil).panel], ['contested', []]);
});

test('the publisher takes the thief’s rival down, and the name is its own again', () => {
  const world = World.founded();
  const old = final(world);
  const rival = world.opened({ recipe: { sha256: hexOf('evil recipe'), sizeBytes: 1 } });
  assert.equal(resolvePackage(world.tally, PACKAGE)?.winner, null);
  world.takedown(rival);
  assert.deepEqual(
    [resolvePackage(world.tally, PACKAGE)?.state, resolvePackage(world.tally, PACKAGE)?.winner],
    ['final', honest],
  );
  assert.deepEqual(world.view(old).rivals, []);
});

test('founders who take the holder of a contested name down give it to its only rival', () => {
  const world = World.founded();
  const evil = final(world);
  const right = world.opened({ recipe: { sha256: hexOf('right recipe'), sizeBytes: 1 } });
  world.takedown(evil, founders);
  world.pass(SECOND);
  assert.equal(world.view(right).state, 'committing');
  world.run(right, all(honest, 0, 1, 2));
  assert.equal(world.verdict(right).winner, honest);
  assert.equal(resolvePackage(world.tally, PACKAGE)?.digest, right);
});

test('a takedown is the publisher’s or enough founders’, and the name stays with what was taken down', () => {
  const world = World.founded();
  const release = final(world);
  const statement = world.takedownStatement(release);
  assert.equal(door(world, statement, stranger), 'wrong-signer');
  assert.equal(door(world, statement, builderKey(0)), 'wrong-signer');
  assert.equal(door(world, statement, ...founders), 'admitted');
  assert.equal(door(world, statement, PUBLISHER), 'admitted');
  world.takedown(release, founders);
  const view = resolvePackage(world.tally, PACKAGE);
  assert.deepEqual([view?.state, view?.winner, view?.ended?.reason], ['taken down', null, 'unlawful']);
  assert.equal(door(world, statement, PUBLISHER), 'duplicate');
  assert.equal(door(world, world.revoteStatement(release), PUBLISHER), 'wrong-signer');
  const again = world.opened();
  assert.equal(world.view(again).state, 'contested', 'its name is not free again');
});

test('a takedown while builders work: nothing more is taken, and the log owes nothing', () => {
  const world = World.founded();
  const release = world.opened();
  world.run(release, all(honest, 0, 1));
  world.takedown(release);
  world.vote(2, release, honest);
  assert.equal(world.tally.refusals.at(-1)?.code, 'too-late');
  world.nowMs += 100 * COMMIT_SECONDS * SECOND;
  assert.deepEqual(
    entriesDue(world.tally, world.nowMs).filter(({ kind }) => kind === 'verdict'),
    [],
  );
  assert.equal(world.view(release).state, 'taken down');
});

test('a stranger’s release is taken down by the stranger or by founders, not by the policy’s publishers', () => {
  const world = World.founded();
  const release = world.release({}, stranger);
  const statement = world.takedownStatement(release);
  assert.equal(door(world, statement, PUBLISHER), 'wrong-signer');
  assert.equal(door(world, statement, stranger), 'admitted');
  assert.equal(door(world, statement, ...founders), 'admitted');
});

test('a publisher’s key that the policy dropped speaks for its old releases no more', () => {
  const world = World.founded();
  const release = final(world);
  const next = hexOf('next publisher');
  const day = 86_400 * SECOND;
  world.policy(
    rulesWith({ publishers: [{ prefix: 'pkg:npm/%40noble/', keys: [next] }] }),
    founders,
    world.nowMs + 14 * day,
  );
  world.pass(14 * day);
  world.register(0);
  const statement = world.takedownStatement(release);
  assert.equal(door(world, statement, PUBLISHER), 'wrong-signer');
  assert.equal(door(world, statement, next), 'admitted');
});

test('a stolen publisher’s key takes a final release down once; founders let it stand again, and it is voted on afresh', () => {
  const world = World.founded();
  const release = final(world);
  const { index } = world.takedown(release);
  assert.equal(resolvePackage(world.tally, PACKAGE)?.winner, null);
  assert.equal(door(world, world.revoteStatement(release), builderKey(0)), 'wrong-signer');
  const lifted = world.revote(release);
  const running = resolvePackage(world.tally, PACKAGE);
  assert.deepEqual([running?.state, running?.winner, running?.round], ['announced', null, 1]);
  assert.deepEqual([running?.lifted?.ending.index, running?.lifted?.index], [index, lifted.index]);
  assert.match(
    stateReason(world.tally, release) ?? '',
    new RegExp(`taken down in entry ${index}: founders let it stand again in entry ${lifted.index}`),
  );
  assert.equal(JSON.parse(lightValue(world.tally, `release:${release}`) ?? '').liftedIndex, lifted.index);
  world.pass(SECOND);
  world.run(release, all(honest, 0, 1, 2));
  assert.equal(world.verdict(release).winner, honest);
  // The thief tries again, and to have it superseded; founders still may.
  const newer = world.opened({ package: NEWER });
  assert.equal(door(world, world.takedownStatement(release), PUBLISHER), 'wrong-signer');
  assert.equal(door(world, world.supersedeStatement(release, newer), PUBLISHER), 'wrong-signer');
  world.takedown(release);
  world.supersede(release, newer);
  assert.deepEqual([world.view(release).state, world.view(release).winner], ['final', honest]);
  assert.equal(door(world, world.supersedeStatement(release, newer), PUBLISHER, ...founders), 'admitted');
  assert.equal(door(world, world.takedownStatement(release), ...founders), 'admitted');
  world.takedown(release, founders);
  assert.equal(world.view(release).state, 'taken down');
  compareByProof(world.tally, world.entries);
  assert.equal(world.tally.alarmsTotal, 0);
});

test('what a stolen publisher’s key ended before its verdict goes its way again when founders say so', () => {
  const world = World.founded();
  const [down, replaced] = [world.opened(), world.opened({ package: NEWER })];
  const other = world.opened({ package: 'pkg:npm/%40noble/hashes@6.6.6' });
  world.commit(0, down, honest);
  world.takedown(down);
  world.supersede(replaced, other);
  for (const release of [down, replaced]) {
    world.revote(release);
    world.pass(SECOND);
    assert.equal(world.view(release).state, 'committing');
    world.run(release, all(honest, 0, 1, 2));
    assert.equal(world.verdict(release).winner, honest);
  }
  compareByProof(world.tally, world.entries);
  assert.equal(world.tally.alarmsTotal, 0);
});

test('founders lift no takedown of a release whose name another has', () => {
  const world = World.founded();
  const holder = final(world);
  const rival = world.opened({ recipe: { sha256: hexOf('other recipe'), sizeBytes: 1 } });
  world.takedown(rival);
  assert.equal(door(world, world.revoteStatement(rival), ...founders), 'too-late');
  const next = world.opened({ recipe: { sha256: hexOf('right recipe'), sizeBytes: 1 } });
  world.takedown(holder, founders);
  assert.equal(resolvePackage(world.tally, PACKAGE)?.digest, next);
  assert.equal(door(world, world.revoteStatement(holder), ...founders), 'too-late');
  const wild = world.release({ package: 'pkg:npm/%40noble/wild@1.0.0' }, stranger);
  world.takedown(wild, [stranger]);
  assert.equal(door(world, world.revoteStatement(wild), ...founders), 'unknown-publisher');
});
