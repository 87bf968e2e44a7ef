import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { makeStatement, type Predicate, verifyEd25519 } from '../../src/statement/index.ts';
import { admits, entriesDue, nextDueMs, seedSize, witnessedOf } from '../../src/tally/index.ts';
import { publish, TestWitness } from './witness-keys.ts';
import { builderKey, hexOf, LOG, ORIGIN, rulesWith, SECOND, World } from './world.ts';

const witnesses = ['w1.example', 'w2.example', 'w3.example'].map((name) => new TestWitness(name));
const honest = hexOf('honest build');

function witnessed(quorum = 2): World {
  const keys = witnesses.map(({ vkey }) => vkey);
  return World.founded(rulesWith({ panelSeats: 3, witnesses: { keys, quorum } }, 9));
}

/** The `open` that is due, with a lie in its seed or elsewhere. */
function openWith(world: World, change: Partial<Predicate<'open'>>) {
  const [due] = entriesDue(world.tally, world.nowMs, world.head);
  assert.ok(due?.kind === 'open');
  return makeStatement('open', due.subject, { ...due.predicate, ...change });
}

function seedOf(world: World): NonNullable<Predicate<'open'>['seed']> {
  const [due] = entriesDue(world.tally, world.nowMs, world.head);
  assert.ok(due?.kind === 'open' && due.predicate.seed !== null);
  return due.predicate.seed;
}

test('without witnesses the log’s own entry gives the seed, and the view says so', () => {
  const world = World.founded();
  const release = world.release();
  assert.equal(world.view(release).seedBy, 'log');
  assert.equal(world.view(release).panel.length, 5, 'the panel is known at once');
});

test('with witnesses a release waits for a cosigned checkpoint that holds it', () => {
  const world = witnessed();
  publish(world, witnesses);
  const release = world.release();
  assert.equal(seedSize(world.tally), world.entries.length);
  assert.deepEqual(entriesDue(world.tally, world.nowMs, world.head), [], 'the checkpoint is older than it');
  assert.ok((nextDueMs(world.tally) ?? 0) > world.nowMs, 'nothing but a checkpoint is waited for');
  assert.deepEqual([world.view(release).panel, world.view(release).state], [[], 'announced']);
  publish(world, witnesses.slice(0, 1));
  assert.deepEqual(entriesDue(world.tally, world.nowMs, world.head), [], 'one of two witnesses is no quorum');
  publish(world, witnesses);
  world.pass(0);
  assert.equal(seedSize(world.tally), undefined);
  const view = world.view(release);
  assert.deepEqual([view.state, view.panel.length, view.seedBy], ['committing', 3, 'witnesses']);
  assert.equal(world.tally.alarmsTotal, 0);
  world.run(
    release,
    new Map(
      view.panel.map((key) => [
        [0, 1, 2, 3, 4, 5, 6, 7, 8].find((number) => builderKey(number) === key) ?? 0,
        honest,
      ]),
    ),
  );
  assert.equal(world.verdict(release).winner, honest);
});

test('the panel is that of the seed as it is written down: cosignatures give it, index and time do not', () => {
  const world = witnessed();
  const release = world.release();
  publish(world, witnesses);
  const { cosignatures } = seedOf(world);
  assert.equal(cosignatures.length, 2, 'a quorum, and nothing besides that could be varied');
  world.pass(0);
  const sha256 = (...parts: (string | Buffer)[]) =>
    parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
  const lot = sha256(
    'bitquorum/lot/v2\0',
    sha256(ORIGIN),
    ...cosignatures.map((text) => Buffer.from(text, 'base64')),
  );
  const seed = sha256(lot, Buffer.from(release, 'hex'));
  const left = Array.from({ length: 9 }, (_, number) => builderKey(number)).sort();
  const drawn: string[] = [];
  for (let place = 0; place < 3; place += 1) {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(place);
    const at = sha256(seed, number).readUIntBE(0, 6) % left.length;
    drawn.push(left[at] ?? '');
    // Fisher and Yates: the first of what is left takes the drawn one's place.
    left[at] = left[0] ?? '';
    left.shift();
  }
  assert.deepEqual(world.view(release).panel, drawn.sort());
});

test('other cosignatures draw other panels, so that nobody knows one before the witnesses sign', () => {
  const panels = new Set<string>();
  for (let second = 0; second < 12; second += 1) {
    const world = witnessed();
    const release = world.release();
    publish(world, witnesses, 1_790_000_000 + second);
    world.pass(0);
    panels.add(world.view(release).panel.join());
  }
  assert.ok(panels.size > 6);
});

test('who registers after the release is not drawn, though the lot comes later', () => {
  const world = World.founded(rulesWith({ witnesses: { keys: [witnesses[0]?.vkey ?? ''], quorum: 1 } }), 4);
  const release = world.release();
  world.register(4);
  publish(world, witnesses);
  world.pass(0);
  assert.deepEqual(world.view(release).panel, [0, 1, 2, 3].map(builderKey).sort());
  assert.equal(world.standing(release, 4), 'not listed');
  world.commit(4, release, honest);
  assert.match(world.standing(release, 4), /it registered after this release/);
});

for (const [what, lie, pattern] of [
  ['no seed', () => null, /has no seed, and the policy names witnesses/],
  ['a checkpoint older than the release', (world) => older(world), /no seed for what entry/],
  ['a checkpoint larger than the log', (world) => ahead(world), /no seed for what entry/],
  [
    'too few witnesses',
    (world) => ({ ...seedOf(world), cosignatures: seedOf(world).cosignatures.slice(0, 1) }),
    /1 witnesses cosigned the seed, and the policy asks for 2/,
  ],
  ['a witness of its own', (world) => strangers(world), /is by no witness of the policy/],
  [
    'another root than was cosigned',
    (world) => ({ ...seedOf(world), root: hexOf('other') }),
    /is by no witness of the policy/,
  ],
  ['one witness twice', (world) => twice(world), /a witness cosigned the seed twice/],
] as const satisfies readonly (readonly [string, (world: World) => Predicate<'open'>['seed'], RegExp])[]) {
  test(`an open whose seed has ${what} is an alarm and opens nothing`, () => {
    const world = witnessed();
    const release = world.release();
    publish(world, witnesses);
    const open = openWith(world, { seed: lie(world) });
    const { witnessed: good } = witnessedOf(world.tally, open, verifyEd25519);
    assert.equal(admits(world.tally, open, [LOG], world.nowMs, undefined, good).ok, false);
    world.append(open, [LOG]);
    assert.match(world.tally.alarms.at(-1)?.reason ?? '', pattern);
    assert.equal(world.view(release).state, 'announced');
    world.pass(SECOND);
    assert.equal(world.view(release).state, 'committing', 'the log may still do it right');
  });
}

test('a seed where the policy names no witnesses is an alarm, and the log’s own lot stands', () => {
  const world = World.founded(rulesWith({ panelSeats: 3 }, 9));
  const release = world.release();
  const { panel } = world.view(release);
  const root = hexOf('root');
  const size = world.entries.length;
  const cosignatures = [witnesses[0]?.cosign(size, root) ?? ''];
  world.append(openWith(world, { seed: { size, root, cosignatures } }), [LOG]);
  assert.match(world.tally.alarms[0]?.reason ?? '', /names no witnesses/);
  assert.deepEqual(world.view(release).panel, panel);
});

test('known limit: without witnesses the operator may try entries until a panel suits it', () => {
  const panels = new Set<string>();
  for (let second = 0; second < 20; second += 1) {
    const world = World.founded(rulesWith({ panelSeats: 3 }, 9));
    world.nowMs += second * SECOND;
    panels.add(world.view(world.release()).panel.join());
  }
  assert.ok(panels.size > 10, 'each receipt time draws another panel');
});

test('known limit: with more witnesses than the quorum the operator may choose among them', () => {
  const panels = witnesses.map((_, left) => {
    const world = witnessed();
    const release = world.release();
    publish(
      world,
      witnesses.filter((_witness, at) => at !== left),
    );
    world.pass(0);
    return world.view(release).panel.join();
  });
  assert.ok(new Set(panels).size > 1);
});

function older(world: World): Predicate<'open'>['seed'] {
  const size = world.entries.length - 1;
  const root = hexOf('older');
  return {
    size,
    root,
    cosignatures: witnesses
      .slice(0, 2)
      .map((witness) => witness.cosign(size, root))
      .sort(),
  };
}

function ahead(world: World): Predicate<'open'>['seed'] {
  const size = world.entries.length + 1;
  const root = hexOf('ahead');
  return {
    size,
    root,
    cosignatures: witnesses
      .slice(0, 2)
      .map((witness) => witness.cosign(size, root))
      .sort(),
  };
}

function strangers(world: World): Predicate<'open'>['seed'] {
  const { size, root } = seedOf(world);
  const own = ['w1.example', 'w2.example'].map((name) => new TestWitness(name).cosign(size, root));
  return { size, root, cosignatures: own.sort() };
}

function twice(world: World): Predicate<'open'>['seed'] {
  const { size, root } = seedOf(world);
  const [first, second] = witnesses;
  const times = [1, 2].map((second_) => first?.cosign(size, root, 1_790_000_000 + second_) ?? '');
  return { size, root, cosignatures: [...times, second?.cosign(size, root) ?? ''].sort() };
}
