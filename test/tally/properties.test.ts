import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  encodeStatement,
  KINDS,
  type Kind,
  type Predicate,
  predicateTypeOf,
  type Statement,
  sha256,
  statementFromJson,
} from '../../src/statement/index.ts';
import {
  admits,
  builderViews,
  countEntry,
  type Entry,
  emptyTally,
  entriesDue,
  releaseView,
  releaseViews,
  resolvePackage,
  type Tally,
  tallyDigest,
} from '../../src/tally/index.ts';
import { takeState } from '../../src/tally/state-map.ts';
import { compareByProof } from './by-proof.ts';
import { NaiveCount } from './naive-count.ts';
import { hashes, history, packages, play } from './random-history.ts';
import { rootFromNothing } from './root-from-nothing.ts';
import { compareLives, compareRelease } from './same-as-naive.ts';
import { builderKey, HOUR, hexOf, LOG, ORIGIN, PUBLISHER, rulesWith, World } from './world.ts';

test('over random histories the incremental count equals a naive recount', () => {
  let decided = 0;
  const seen = new Map<string, number>();
  // One part is the same in every run, so that what it meets is certain; the other is new each time.
  for (const parameters of [{ numRuns: 120, seed: 2 }, { numRuns: 60 }]) {
    fc.assert(
      fc.property(history, (steps) => {
        const world = play(steps);
        const naive = new NaiveCount(world.entries, ORIGIN, LOG);
        assert.deepEqual([...world.tally.releases.keys()].sort(), naive.releases().sort());
        for (const digest of naive.releases()) compareRelease(world, digest, naive, seen);
        compareLives(world, naive, seen);
        decided += compareByProof(world.tally, world.entries);
        assert.equal(takeState(world.tally).says.root, rootFromNothing(world.tally), 'the state map');
      }),
      parameters,
    );
  }
  assert.ok(decided > 50, `only ${decided} releases had an outcome to prove`);
  const lives = ['eligible newcomer', 'diverged', 'canary final', 'canary contested', 'canary failed'];
  const late = ['not opened yet', 'opened late', 'opened late to something else', 'never opened'];
  for (const what of [...lives, ...late]) {
    assert.ok((seen.get(what) ?? 0) > 3, `only ${seen.get(what) ?? 0} times: ${what}`);
  }
  for (const state of ['announced', 'committing', 'voting', 'final', 'contested', 'failed']) {
    assert.ok((seen.get(state) ?? 0) > 3, `only ${seen.get(state) ?? 0} releases became ${state}`);
  }
});

test('the same entries give the same state, byte for byte, and another entry gives another', () => {
  fc.assert(
    fc.property(history, (steps) => {
      const world = play(steps);
      const again = emptyTally(world.tally.context);
      // What a log hands out is JSON: nothing but its text may matter.
      for (const entry of world.entries) {
        const statement = statementFromJson(
          JSON.parse(new TextDecoder().decode(encodeStatement(entry.statement))),
        );
        countEntry(again, { ...entry, statement });
      }
      assert.equal(tallyDigest(again), tallyDigest(world.tally));
      again.blobs.add('one more');
      assert.notEqual(tallyDigest(again), tallyDigest(world.tally));
      again.blobs.delete('one more');
      world.register(0);
      assert.notEqual(tallyDigest(again), tallyDigest(world.tally));
    }),
    { numRuns: 50 },
  );
});

test('what the log owes is always admitted, never raises an alarm, and comes to an end', () => {
  fc.assert(
    fc.property(history, fc.nat({ max: 24 }), (steps, hours) => {
      const world = play(steps);
      world.nowMs += hours * HOUR;
      const alarms = world.tally.alarmsTotal;
      for (let rounds = 0; rounds < 10; rounds += 1) {
        for (const statement of entriesDue(world.tally, world.nowMs)) {
          assert.deepEqual(admits(world.tally, statement, [LOG], world.nowMs), { ok: true });
          world.append(statement, [LOG]);
        }
      }
      assert.deepEqual(entriesDue(world.tally, world.nowMs), []);
      assert.equal(world.tally.alarmsTotal, alarms);
    }),
    { numRuns: 100 },
  );
});

test('the door never admits what the count would refuse', () => {
  fc.assert(
    fc.property(history, (steps) => {
      const { entries, tally: counted } = play(steps);
      const tally = emptyTally(counted.context);
      for (const entry of entries) {
        const answer = admits(tally, entry.statement, entry.signers, entry.timeMs, entry.payloadDigest);
        const { refusedTotal, alarmsTotal } = tally;
        countEntry(tally, entry);
        if (!answer.ok) continue;
        assert.equal(tally.refusedTotal, refusedTotal);
        assert.equal(tally.alarmsTotal, alarmsTotal);
      }
    }),
    { numRuns: 60 },
  );
});

test('hostile statements of every kind never throw, at the door or in the count, and every view still works', () => {
  const hex = fc.oneof(fc.constantFrom(...hashes, LOG, PUBLISHER, ...[0, 1, 2].map(builderKey)), hexes());
  const time = fc.oneof(fc.constant(1_790_000_000_000), fc.nat(), fc.maxSafeNat());
  const wild = fc.record({
    kind: fc.constantFrom(...KINDS),
    subject: hex,
    a: hex,
    b: hex,
    time,
    number: fc.nat(),
  });
  const signers = fc.array(hex, { maxLength: 3 });
  fc.assert(
    fc.property(history, fc.array(fc.tuple(wild, signers), { maxLength: 30 }), (steps, entries) => {
      const world = play(steps);
      const target = [...world.tally.releases.keys()].at(-1);
      for (const [given, by] of entries) {
        const statement = wildStatement({ ...given, release: target ?? given.a });
        admits(world.tally, statement, by, given.time);
        world.nowMs += given.number % 5 === 0 ? given.time : given.number % HOUR;
        world.append(statement, by, given.subject);
      }
      for (const view of releaseViews(world.tally))
        assert.deepEqual(releaseView(world.tally, view.digest), view);
      for (const name of packages) resolvePackage(world.tally, name);
      builderViews(world.tally);
    }),
    { numRuns: 100 },
  );
});

interface Wild {
  readonly kind: Kind;
  readonly subject: string;
  readonly a: string;
  readonly b: string;
  readonly time: number;
  readonly number: number;
  readonly release: string;
}

/** A statement that no schema has seen, of the shape that its kind has. */
function wildStatement({ kind, subject, a, b, time, number, release }: Wild): Statement {
  const bound = { origin: number % 9 === 0 ? 'other.example/log' : ORIGIN, timeMs: time };
  const windows = { commitEndsMs: time, voteEndsMs: number };
  const predicates: { [K in Kind]: Predicate<K> } = {
    policy: { ...bound, rules: rulesWith({ founders: [a, b], foundersQuorum: 1 }), effectiveMs: time },
    builder: {
      ...bound,
      vkey: '',
      nextKey: a,
      operator: b,
      platforms: ['any'],
      prefixes: ['192.0.2.0/24'],
      announceDigest: b,
    },
    release: {
      ...bound,
      package: packages[number % 2] ?? '',
      sources: [],
      recipe: { sha256: a, sizeBytes: number },
      platform: 'any',
      profile: 'v2',
      commitSeconds: number,
      voteSeconds: number,
      urgent: number % 3 === 0,
      canaryVariants: number % 5,
    },
    open: { ...bound, release, panel: [a, b], ...windows, seed: null, round: 0 },
    commit: { ...bound, release, commitment: a },
    close: { ...bound, release, commitments: number },
    vote: { ...bound, release, salt: a, infoHashV2: b, output: { name: 'x', sizeBytes: number } },
    failure: { ...bound, release, reason: 'why' },
    audit: {
      ...bound,
      release,
      infoHashV2: a,
      epoch: number % 100,
      passed: [a, b],
      failed: [],
      outside: [a],
      fresh: [],
    },
    verdict: { ...bound, release, state: 'final', infoHashV2: a, groups: [{ infoHashV2: a, builders: [b] }] },
    rotate: { ...bound, builder: a, vkey: '', nextKey: b, announceDigest: a },
    revoke: { ...bound, builder: a, reason: 'why' },
    supersede: { ...bound, release, by: a, reason: 'why' },
    takedown: { ...bound, release, reason: 'why' },
    revote: { ...bound, release, reason: 'why' },
    canary: { ...bound, release, group: 0, variant: 1, members: [a, b], ...windows, seed: null },
    state: { ...bound, size: number, root: a, builders: 1, eligible: 1, releases: 1, names: 1, policy: b },
    heartbeat: bound,
  };
  assert.ok(predicateTypeOf(kind).startsWith('bitquorum:'));
  return {
    kind,
    subject: { name: packages[number % 2] ?? '', sha256: subject },
    predicate: predicates[kind],
  } as Statement;
}

function hexes() {
  return fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex'));
}

test('counting stays incremental: an entry costs the same late as early', () => {
  const world = World.founded();
  const statement = world.registration(0);
  const context = { ...world.tally.context, sha256 };
  const timeOf = (tally: Tally, from: number, to: number) => {
    const before = process.hrtime.bigint();
    for (let index = from; index < to; index += 1) countEntry(tally, entry(index));
    return Number(process.hrtime.bigint() - before);
  };
  const entry = (index: number): Entry => ({
    index,
    timeMs: world.nowMs,
    statement: index === 0 ? (world.entries[0]?.statement ?? assert.fail()) : statement,
    payloadDigest: hexOf('same'),
    signers: index === 0 ? [builderKey(0), builderKey(1)] : [builderKey(0)],
  });
  const tally = emptyTally(context);
  // The quickest of three: the machine has other things to do.
  const quickest = (from: number) =>
    Math.min(...[0, 1, 2].map((part) => timeOf(tally, from + part * 5000, from + (part + 1) * 5000)));
  timeOf(tally, 0, 10_000);
  const early = quickest(10_000);
  timeOf(tally, 25_000, 100_000);
  const late = quickest(100_000);
  assert.ok(late < early * 5, `5,000 entries took ${early / 1e6} ms early and ${late / 1e6} ms late`);
});
