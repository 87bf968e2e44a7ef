import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Statement } from '../../src/statement/index.ts';
import { admits, builderView } from '../../src/tally/index.ts';
import { all, builderKey, HOUR, hexOf, PUBLISHER, rulesWith, SECOND, VOTE_SECONDS, World } from './world.ts';

const DAY = 24 * HOUR;
const honest = hexOf('honest build');
const other = hexOf('other build');

function door(world: World, statement: Statement, ...signers: string[]): string {
  const answer = admits(world.tally, statement, signers, world.nowMs);
  return answer.ok ? 'admitted' : answer.code;
}

/** Five founders, of whom some contradicted themselves on a release, which is final. */
function suspended(...numbers: number[]): { world: World; release: string } {
  const world = World.founded(rulesWith({ foundersQuorum: 2 }));
  const release = world.opened();
  for (const number of numbers) world.commit(number, release, other, hexOf('another salt'));
  world.run(release, all(honest, 0, 1, 2, 3, 4));
  world.pass(VOTE_SECONDS * SECOND);
  for (const number of numbers) {
    assert.equal(builderView(world.tally, builderKey(number))?.standing.stage, 'suspended');
  }
  return { world, release };
}

function policyStatement(world: World): Statement {
  const rules = rulesWith({ foundersQuorum: 3 });
  const before = new World();
  before.nowMs = world.nowMs;
  return before.policy(rules, rules.founders, world.nowMs + 20 * DAY).statement;
}

test('a founder that is suspended for a divergence signs nothing in the founders’ name until it is over', () => {
  const { world, release } = suspended(0);
  const [cheat, one, two] = [builderKey(0), builderKey(1), builderKey(2)];
  const urgent = () =>
    world.releaseStatement({
      urgent: true,
      commitSeconds: 86_400,
      voteSeconds: 259_200,
      package: 'pkg:npm/%40noble/urgent@1.0.0',
    });
  const asked = [
    () => world.revoteStatement(release),
    () => world.takedownStatement(release),
    () => policyStatement(world),
  ];
  for (const statement of asked) {
    assert.equal(door(world, statement(), cheat, one), 'wrong-signer');
    assert.equal(door(world, statement(), one, two), 'admitted');
  }
  assert.equal(door(world, urgent(), PUBLISHER, cheat, one), 'wrong-signer');
  assert.equal(door(world, urgent(), PUBLISHER, one, two), 'admitted');
  world.revote(release, [0, 1]);
  assert.equal(world.view(release).round, 0);
  world.pass(30 * DAY);
  world.register(4);
  assert.equal(door(world, world.revoteStatement(release), cheat, one), 'admitted');
});

test('founders of whom too few are not suspended can still log a policy, and nothing else', () => {
  const { world, release } = suspended(0, 1, 2, 3);
  const [cheat, another, last] = [builderKey(0), builderKey(1), builderKey(4)];
  assert.equal(door(world, policyStatement(world), cheat, another), 'admitted');
  assert.equal(door(world, policyStatement(world), cheat, last), 'admitted');
  assert.equal(door(world, policyStatement(world), last), 'wrong-signer');
  assert.equal(door(world, world.revoteStatement(release), cheat, last), 'wrong-signer');
  assert.equal(door(world, world.takedownStatement(release), cheat, last), 'wrong-signer');
  // Who was revoked is out for ever, however few are left.
  world.revoke(0);
  assert.equal(door(world, policyStatement(world), cheat, another), 'wrong-signer');
  assert.equal(door(world, policyStatement(world), another, last), 'admitted');
});
