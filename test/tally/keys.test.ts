import assert from 'node:assert/strict';
import { test } from 'node:test';
import { admits, builderView } from '../../src/tally/index.ts';
import { all, builderKey, COMMIT_SECONDS, HOUR, hexOf, keyOf, rulesWith, SECOND, World } from './world.ts';

const DAY = 24 * HOUR;
const honest = hexOf('honest build');

function viewOf(world: World, number: number) {
  return builderView(world.tally, builderKey(number)) ?? assert.fail();
}

function lastRefusal(world: World): string | undefined {
  return world.tally.refusals.at(-1)?.reason;
}

test('a builder rotates to the key that it committed to; what it signs by the old one counts for nothing', () => {
  const world = World.founded();
  const release = world.opened();
  world.rotate(0);
  assert.equal(viewOf(world, 0).currentKey, keyOf(0, 1));
  assert.equal(world.tally.refusedTotal, 0);
  world.append(world.commitStatement(0, release, honest), [builderKey(0)]);
  assert.match(lastRefusal(world) ?? '', /is no builder's key now/);
  world.commit(0, release, honest);
  assert.equal(world.tally.refusedTotal, 1, 'the new key speaks for the same builder');
  world.rotate(0, 2);
  assert.equal(viewOf(world, 0).currentKey, keyOf(0, 2), 'and to the next one after that');
});

test('a thief of the current key cannot rotate, and nobody can to a key that was not committed to', () => {
  const world = World.founded();
  world.append(world.rotateStatement(0, 1), [builderKey(0)]);
  assert.match(lastRefusal(world) ?? '', /signed by the new key that it names, alone/);
  world.append(world.rotateStatement(0, 2), [keyOf(0, 2)]);
  assert.match(lastRefusal(world) ?? '', /committed to another next key/);
  world.append(world.rotateStatement(0, 1), [keyOf(0, 1), builderKey(0)]);
  assert.match(lastRefusal(world) ?? '', /alone/);
  assert.equal(viewOf(world, 0).currentKey, builderKey(0));
});

test('no key stands for two builders', () => {
  const world = World.founded();
  world.rotate(0);
  const taken = world.registration(0);
  const stolen = { ...taken, subject: { ...taken.subject, sha256: keyOf(0, 1) } };
  world.append(stolen, [keyOf(0, 1)]);
  assert.match(lastRefusal(world) ?? '', /this key stands for builder/);
});

test('a new key has no weight until it has cooled: not on panels drawn meanwhile, nor on those drawn before', () => {
  const world = World.founded();
  const before = world.opened();
  world.run(before, all(honest, 0, 1, 2, 3));
  const { index } = world.rotate(0);
  assert.match(world.standing(before, 0), new RegExp(`new key since \\(entry ${index}\\)`));
  const view = world.verdict(before);
  assert.deepEqual([view.state, view.groups[0]?.counted], ['final', 3]);
  assert.deepEqual([viewOf(world, 0).standing.stage, viewOf(world, 0).standing.index], ['cooling', index]);
  const meanwhile = world.opened({ package: 'pkg:npm/%40noble/meanwhile@1.0.0' });
  assert.ok(!world.view(meanwhile).panel.includes(builderKey(0)));
  assert.match(world.standing(meanwhile, 0), /not listed|cooling/);
  world.pass(14 * DAY);
  assert.equal(viewOf(world, 0).standing.stage, 'founder');
  const after = world.opened({ package: 'pkg:npm/%40noble/after@1.0.0' });
  assert.ok(world.view(after).panel.includes(builderKey(0)));
});

test('a rotation after the verdict changes nothing of it', () => {
  const world = World.founded();
  const release = world.opened();
  world.run(release, all(honest, 0, 1, 2));
  world.verdict(release);
  world.rotate(0);
  assert.equal(world.view(release).groups[0]?.counted, 3);
  assert.match(world.standing(release, 0), /^counts: committed/);
});

test('a revoked builder counts nowhere from then on, on releases under way too, for ever', () => {
  const world = World.founded();
  const release = world.opened();
  world.run(release, all(honest, 0, 1, 2, 3));
  const { index } = world.revoke(0);
  assert.match(world.standing(release, 0), new RegExp(`was revoked after this release \\(entry ${index}\\)`));
  assert.equal(world.verdict(release).groups[0]?.counted, 3);
  assert.deepEqual([viewOf(world, 0).standing.stage, viewOf(world, 0).standing.index], ['revoked', index]);
  const next = world.opened({ package: 'pkg:npm/%40noble/next@1.0.0' });
  assert.ok(!world.view(next).panel.includes(builderKey(0)));
  for (const attempt of [
    () => world.rotate(0),
    () => world.register(0),
    () => world.commit(0, next, honest),
  ]) {
    attempt();
    assert.match(lastRefusal(world) ?? '', /revoked in entry/);
  }
  world.revoke(0);
  assert.match(lastRefusal(world) ?? '', /revoked in entry/);
});

test('revoking needs the current key or the next one', () => {
  const world = World.founded();
  world.revoke(0, builderKey(1));
  assert.match(lastRefusal(world) ?? '', /by its own key, or by the next one/);
  world.revoke(0, keyOf(0, 1));
  assert.equal(viewOf(world, 0).standing.stage, 'revoked', 'whoever lost the key can still revoke');
  world.rotate(1);
  world.revoke(1, builderKey(1));
  assert.equal(viewOf(world, 1).standing.stage, 'cooling', 'the old key cannot');
});

test('a commitment that a revoked builder never opens is no dissent', () => {
  const world = World.founded();
  const release = world.opened();
  for (const number of [3, 4]) world.commit(number, release, hexOf('never shown'));
  world.run(release, all(honest, 0, 1, 2));
  world.revoke(3);
  world.revoke(4);
  assert.equal(world.verdict(release).winner, honest);
});

test('founders sign policies by their current keys, once these have cooled', () => {
  const world = World.founded(rulesWith({ foundersQuorum: 2 }));
  world.rotate(0);
  const next = rulesWith({ name: 'next' });
  const sign = (...signers: string[]) => {
    const refused = world.tally.refusedTotal;
    world.policy(next, signers, world.nowMs + 15 * DAY);
    return world.tally.refusedTotal === refused;
  };
  assert.equal(sign(builderKey(0), builderKey(1)), false, 'by a key that it gave up');
  assert.equal(sign(keyOf(0, 1), builderKey(1)), false, 'by a key that still cools');
  world.pass(14 * DAY);
  assert.equal(sign(keyOf(0, 1), builderKey(1)), true);
  world.revoke(1);
  assert.equal(sign(keyOf(0, 1), builderKey(1)), false, 'by one that was revoked');
});

test('a later registration is signed by the current key', () => {
  const world = World.founded();
  world.rotate(0);
  const again = world.registration(0, { operator: 'renamed', announceDigest: hexOf('announce') });
  assert.equal(admits(world.tally, again, [builderKey(0)], world.nowMs).ok, false);
  world.append(again, [keyOf(0, 1)]);
  assert.equal(viewOf(world, 0).operator, 'renamed');
});

test('an audit at an address that is too new gives no weight; the proven one keeps counting', () => {
  const world = World.founded();
  const release = world.opened();
  for (const number of [0, 1, 2, 3]) world.commit(number, release, honest);
  world.pass(COMMIT_SECONDS * SECOND);
  for (const number of [0, 1, 2, 3]) world.vote(number, release, honest);
  const { index } = world.auditFresh(release, honest, [0, 1, 2, 3], [0]);
  assert.match(world.standing(release, 0), /^waiting/);
  assert.equal(world.view(release).groups[0]?.counted, 3);
  world.audit(release, honest, 0);
  assert.equal(world.view(release).groups[0]?.counted, 4);
  const other = world.opened({ package: 'pkg:npm/%40noble/other@1.0.0' });
  world.commit(0, other, honest);
  world.pass(COMMIT_SECONDS * SECOND);
  world.vote(0, other, honest);
  const fresh = world.auditFresh(other, honest, [0], [0]);
  world.verdict(other);
  assert.match(world.standing(other, 0), new RegExp(`too new \\(entry ${fresh.index}\\)`));
  assert.notEqual(index, fresh.index);
});

test('a builder has at most 16 keys, one after another: proofs carry the whole chain', () => {
  const world = World.founded();
  for (let round = 1; round <= 15; round += 1) world.rotate(0, round);
  assert.equal(world.tally.refusedTotal, 0);
  world.rotate(0, 16);
  assert.match(world.tally.refusals.at(-1)?.reason ?? '', /has had 16 keys/);
  world.revoke(0);
  assert.equal(world.tally.refusedTotal, 1);
});
