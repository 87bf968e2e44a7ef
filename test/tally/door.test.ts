// The door of a tally against its count: what one takes the other takes, whatever stands in a statement.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  encodeStatement,
  type Statement,
  StatementError,
  statementFromJson,
} from '../../src/statement/index.ts';
import { admits, builderViews, countEntry, releaseViews } from '../../src/tally/index.ts';
import { history, play } from './random-history.ts';
import {
  builderKey,
  COMMIT_SECONDS,
  HOUR,
  hexOf,
  keyOf,
  LOG,
  PUBLISHER,
  SECOND,
  VOTE_SECONDS,
  type World,
} from './world.ts';

const STRANGER = hexOf('stranger');

/** What a hostile signer writes in the place of a value: of every type, and at the edges of each. */
const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1,
  16,
  2 ** 31,
  2 ** 53 - 1,
  2 ** 53,
  1e300,
  0.5,
  '',
  '0',
  '__proto__',
  'constructor',
  'pkg:npm/%40noble/a@1.0.0',
  'any',
  'hybrid',
  '\ud800',
  'a\u202eb',
  'a\nb',
  'x'.repeat(400),
  '../..',
  hexOf('honest'),
  LOG,
  PUBLISHER,
  builderKey(0),
  builderKey(1),
  [],
  [[]],
  [builderKey(0), builderKey(1)].sort(),
  {},
  { __proto__: null, constructor: 1 },
  JSON.parse('{"__proto__": {"release": "x"}}'),
];

/** From here on a number of signers stands for one builder. */
const SOLE = 100;

interface Attack {
  /** Which entry of the log is taken as the pattern, from the newest back. */
  readonly back: number;
  /** Which value of it is replaced, negative: from the end; none when it is beyond them. */
  readonly at: number;
  readonly value: unknown;
  readonly signers: number;
  readonly waits: number;
  /** Whether its time is made new. */
  readonly isFresh: boolean;
}

const attack: fc.Arbitrary<Attack> = fc.record({
  back: fc.oneof(fc.nat({ max: 8 }), fc.nat({ max: 8 }), fc.nat({ max: 400 })),
  at: fc.oneof(fc.integer({ min: -6, max: 40 }), fc.constant(99)),
  value: fc.oneof(fc.constantFrom(...VALUES), fc.constantFrom(hexOf('honest'), hexOf('backdoor'))),
  signers: fc.oneof(
    fc.nat({ max: 40 }),
    fc.nat({ max: 6 }).map((number) => SOLE + number),
  ),
  waits: fc.constantFrom(0, 0, 0, SECOND, 25 * 60 * SECOND, HOUR, 25 * HOUR),
  isFresh: fc.boolean(),
});

/** Every place of a JSON value: the object or array, and the key in it. */
function placesOf(value: unknown): { readonly inside: Record<string, unknown>; readonly key: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  const inside = value as Record<string, unknown>;
  return Object.keys(inside).flatMap((key) => [[{ inside, key }], placesOf(inside[key])].flat());
}

function signersOf(world: World, given: readonly string[], which: number): readonly string[] {
  if (which >= SOLE) return [world.signer(which - SOLE)];
  const [first = STRANGER] = given;
  const choices: readonly (readonly string[])[] = [
    given,
    given,
    given,
    [...given, STRANGER],
    [STRANGER, ...given],
    [first],
    [LOG],
    [LOG, STRANGER],
    [PUBLISHER],
    [PUBLISHER, builderKey(0), builderKey(1)],
    [builderKey(0), builderKey(1)],
    [keyOf(which % 7, 1)],
    [STRANGER],
    [],
  ];
  return choices[which % choices.length] ?? given;
}

/** The statement of an attack, when it has the form of one; anything but `StatementError` is a fault. */
function forge(world: World, { back, at, value, isFresh }: Attack): Statement | undefined {
  const pattern = world.entries[Math.max(0, world.entries.length - 1 - back)] ?? assert.fail();
  const json = JSON.parse(Buffer.from(encodeStatement(pattern.statement)).toString()) as {
    predicate: Record<string, unknown>;
  };
  if (isFresh) json.predicate['timeMs'] = world.nowMs;
  const place = placesOf(json).at(at);
  if (place !== undefined) place.inside[place.key] = value;
  try {
    return statementFromJson(json);
  } catch (error) {
    if (error instanceof StatementError) return undefined;
    throw error;
  }
}

const attacks = fc.array(attack, { minLength: 20, maxLength: 60 });

/** Something to be bent: a release that takes commitments, votes, or has its verdict. */
function prepare(world: World, stage: number): void {
  for (const number of [4, 5, 6]) world.register(number);
  const honest = hexOf('honest');
  const release = world.opened({ package: `pkg:npm/%40noble/door@1.0.${world.entries.length}` });
  for (const number of [0, 1, 2, 3]) world.commit(number, release, honest);
  if (stage > 0) {
    world.pass(COMMIT_SECONDS * SECOND);
    for (const number of [0, 1, 2]) world.vote(number, release, honest);
    world.audit(release, honest, 0, 1);
  }
  if (stage > 1) world.pass(VOTE_SECONDS * SECOND);
}

test('the door admits what the count counts, and nothing else, of statements bent in every way', () => {
  const taken = new Map<string, number>();
  const refused = new Set<string>();
  fc.assert(
    fc.property(history, fc.nat({ max: 2 }), attacks, (steps, stage, tries) => {
      const world = play(steps);
      prepare(world, stage);
      const { tally } = world;
      for (const each of tries) {
        if (each.waits > 0) world.pass(each.waits);
        const statement = forge(world, each);
        if (statement === undefined) continue;
        const pattern = world.entries[Math.max(0, world.entries.length - 1 - each.back)] ?? assert.fail();
        const signers = signersOf(world, pattern.signers, each.signers);
        const payloadDigest = createHash('sha256').update(encodeStatement(statement)).digest('hex');
        const answer = admits(tally, statement, signers, world.nowMs, payloadDigest);
        const before = { refused: tally.refusedTotal, alarms: tally.alarmsTotal };
        const entry = { index: tally.size, timeMs: world.nowMs, statement, payloadDigest, signers };
        world.entries.push(entry);
        countEntry(tally, entry);
        const what = `${statement.kind}: ${JSON.stringify(answer)}`;
        const counted = tally.refusedTotal === before.refused && tally.alarmsTotal === before.alarms;
        // Of a publisher whom the policy does not know the count must live with what a log holds; the door need not.
        const isStrangers = !answer.ok && answer.code === 'unknown-publisher' && statement.kind === 'release';
        assert.equal(counted, answer.ok || isStrangers, what);
        if (answer.ok) taken.set(statement.kind, (taken.get(statement.kind) ?? 0) + 1);
        else refused.add(`${statement.kind} ${answer.code}`);
      }
      releaseViews(tally);
      builderViews(tally);
    }),
    { numRuns: 200 },
  );
  for (const kind of ['builder', 'release', 'commit', 'vote', 'audit']) {
    assert.ok((taken.get(kind) ?? 0) > 0, `only ${taken.get(kind) ?? 0} times a ${kind} was taken`);
  }
  assert.ok(refused.size > 30, `only ${refused.size} ways to be refused`);
});
