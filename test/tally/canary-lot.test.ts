import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { makeStatement, type Predicate, verifyEd25519 } from '../../src/statement/index.ts';
import { admits, entriesDue, nextDueMs, seedSize, witnessedOf } from '../../src/tally/index.ts';
import { publish, TestWitness } from './witness-keys.ts';
import { builderKey, COMMIT_SECONDS, hexOf, LOG, ORIGIN, rulesWith, SECOND, World } from './world.ts';

const witnesses = ['w1.example', 'w2.example'].map((name) => new TestWitness(name));
const honest = hexOf('honest build');
const numbers = [0, 1, 2, 3, 4, 5, 6, 7, 8];

/** A world with witnesses and a release that is closed, after nine builders committed to it. */
function closed(perRelease = 1): { world: World; release: string; closeIndex: number } {
  const keys = witnesses.map(({ vkey }) => vkey);
  const base = rulesWith({}, 9);
  const canary = { ...base.canary, perRelease };
  const world = World.founded({ ...base, canary, witnesses: { keys, quorum: 2 } });
  const release = world.release({ canaryVariants: 7 });
  publish(world, witnesses);
  world.pass(0);
  for (const number of numbers) world.commit(number, release, honest);
  world.pass(COMMIT_SECONDS * SECOND);
  const closeIndex = world.tally.releases.get(release)?.closeIndex ?? assert.fail();
  return { world, release, closeIndex };
}

/** The `canary` that is due, with a lie in it. */
function canaryWith(world: World, change: Partial<Predicate<'canary'>> = {}) {
  const due = entriesDue(world.tally, world.nowMs, world.head).find(({ kind }) => kind === 'canary');
  assert.ok(due?.kind === 'canary');
  return makeStatement('canary', due.subject, { ...due.predicate, ...change });
}

const sha256 = (...parts: (string | Buffer)[]) =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();

test('where the policy names witnesses, canary groups wait for a cosigned checkpoint that holds the close', () => {
  const { world, closeIndex } = closed();
  assert.equal(world.tally.canaries.size, 0);
  assert.equal(seedSize(world.tally), closeIndex + 1);
  assert.ok((nextDueMs(world.tally) ?? 0) > world.nowMs, 'nothing but a checkpoint is waited for');
  publish(world, witnesses.slice(0, 1));
  world.pass(0);
  assert.equal(world.tally.canaries.size, 0, 'one of two witnesses is no quorum');
  publish(world, witnesses);
  world.pass(0);
  assert.equal(world.tally.canaries.size, 1);
  assert.equal(seedSize(world.tally), undefined);
  assert.equal(world.tally.alarmsTotal, 0);
});

test('an operator that tries times for close moves no canary group: the cosignatures draw it, as written down', () => {
  const groups = new Set<string>();
  for (let second = 0; second < 8; second += 1) {
    const { world } = closed();
    publish(world, witnesses, 1_790_000_000 + second);
    const { seed } = canaryWith(world).predicate;
    world.nowMs += second * SECOND;
    world.pass(0);
    const [canary = assert.fail()] = world.tally.canaries.values();
    groups.add(canary.members.join());
    const texts = seed?.cosignatures.map((text) => Buffer.from(text, 'base64')) ?? [];
    const drawn = sha256('bitquorum/canary/v2\0', sha256(ORIGIN), ...texts);
    const lot = sha256(drawn, Buffer.from(canary.release.digest, 'hex'));
    const left = numbers.map(builderKey).sort();
    const members: string[] = [];
    for (let place = 0; place < 3; place += 1) {
      const number = Buffer.alloc(4);
      number.writeUInt32BE(place);
      const at = sha256(lot, number).readUIntBE(0, 6) % left.length;
      members.push(left[at] ?? '');
      left[at] = left[0] ?? '';
      left.shift();
    }
    assert.deepEqual(canary.members, members.sort());
  }
  assert.ok(groups.size > 4, 'other cosignatures draw other groups: nobody knows one before');
});

test('one seed draws all groups of a release, and who commits after the close is in none', () => {
  const { world, release } = closed(3);
  world.register(7);
  publish(world, witnesses);
  world.pass(0);
  const canaries = [...world.tally.canaries.values()];
  assert.deepEqual(new Set(canaries.flatMap(({ members }) => members)), new Set(numbers.map(builderKey)));
  const seeds = world.entries.flatMap(({ statement }) =>
    statement.kind === 'canary' && statement.predicate.release === release ? [statement.predicate.seed] : [],
  );
  assert.deepEqual(
    seeds.map((seed) => seed === null),
    [false, true, true],
  );
  assert.equal(world.tally.alarmsTotal, 0);
});

const lies: readonly [string, (world: World, closeIndex: number) => Partial<Predicate<'canary'>>][] = [
  ['is missing', () => ({ seed: null })],
  [
    'is of a checkpoint from before the close',
    (_world, closeIndex) => {
      const root = hexOf('older root');
      const cosignatures = witnesses.map((witness) => witness.cosign(closeIndex, root)).sort();
      return { seed: { size: closeIndex, root, cosignatures } };
    },
  ],
  [
    'has too few witnesses',
    (world) => {
      const { seed } = canaryWith(world).predicate;
      return { seed: seed && { ...seed, cosignatures: seed.cosignatures.slice(0, 1) } };
    },
  ],
  [
    'has a cosignature of a stranger',
    (world) => {
      const { seed } = canaryWith(world).predicate;
      const [first = ''] = seed?.cosignatures ?? [];
      const forged = new TestWitness('w2.example').cosign(seed?.size ?? 0, seed?.root ?? '');
      return { seed: seed && { ...seed, cosignatures: [first, forged].sort() } };
    },
  ],
];
for (const [what, lie] of lies) {
  test(`a canary whose seed ${what} is an alarm and draws nothing`, () => {
    const { world, closeIndex } = closed();
    world.register(0);
    publish(world, witnesses);
    const statement = canaryWith(world, lie(world, closeIndex));
    const { witnessed } = witnessedOf(world.tally, statement, verifyEd25519);
    assert.equal(admits(world.tally, statement, [LOG], world.nowMs, undefined, witnessed).ok, false);
    world.append(statement, [LOG]);
    assert.deepEqual([world.tally.canaries.size, world.tally.alarmsTotal], [0, 1]);
  });
}
