import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  encodeStatement,
  KINDS,
  type Kind,
  makeStatement,
  type PolicyRules,
  type Predicate,
  predicateTypeOf,
  type Statement,
  sha256,
  statementFromJson,
} from '../../src/statement/index.ts';
import type { CanaryState } from '../../src/tally/canaries.ts';
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
  unauditedVotes,
} from '../../src/tally/index.ts';
import { takeState } from '../../src/tally/state-map.ts';
import { compareByProof } from './by-proof.ts';
import { NaiveCount } from './naive-count.ts';
import { rootFromNothing } from './root-from-nothing.ts';
import {
  builderKey,
  COMMIT_SECONDS,
  HOUR,
  hexOf,
  keyOf,
  LOG,
  ORIGIN,
  PUBLISHER,
  rulesWith,
  SECOND,
  VOTE_SECONDS,
  World,
} from './world.ts';

const BUILDERS = 7;
const hashes = ['honest', 'backdoor', 'upstream'].map(hexOf);
const packages = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `pkg:npm/%40noble/${name}@1.0.0`);
const DAY = 24 * HOUR;
/** Tenure, admission and cooling that a history of days has room for. */
const LIVELY: Partial<PolicyRules> = {
  tenure: { activeDays: 1, builds: 1, canaries: 0 },
  elderDays: 2,
  admission: { periodDays: 1, least: 1, share: [1, 4] },
  divergence: { clusters: 2, share: [3, 5], founderSuspensionDays: 1 },
  coolingDays: 1,
  canary: { group: 2, perRelease: 2, commitSeconds: 1800, voteSeconds: 1800 },
};

/** One step of a history; numbers choose among what there is when it runs. */
type Step = readonly [action: keyof typeof ACTIONS, first: number, second: number, third: number];

const pick = <Item>(items: readonly Item[], at: number): Item | undefined => items[at % items.length];
/** The latest release, or any. */
const releaseOf = (world: World, at: number) => {
  const digests = [...world.tally.releases.keys()];
  return at % 3 === 0 ? digests.at(-1) : pick(digests, at);
};

const ACTIONS = {
  register(world: World, number: number, variant: number, platform: number) {
    world.register(number % BUILDERS, {
      ...(variant % 4 === 0 ? { operator: 'Shared' } : {}),
      ...(variant % 4 === 1 ? { prefixes: ['192.0.2.0/24'] } : {}),
      ...(variant % 7 === 0 ? { nextKey: hexOf('thief') } : {}),
      ...(variant % 5 === 0 ? { announceDigest: hexOf(`shared ${platform % 2}`) } : {}),
      platforms: [platform % 3 === 0 ? 'linux/arm64' : 'linux/amd64'],
    });
  },
  release(world: World, name: number, signer: number, variant: number) {
    const statement = world.releaseStatement({
      package: pick(packages, name) ?? '',
      platform: variant % 2 === 0 ? 'any' : 'linux/amd64',
      canaryVariants: variant % 3,
    });
    world.append(statement, [signer % 4 === 0 ? hexOf('stranger') : PUBLISHER]);
    if (signer % 8 === 0) world.append(statement, [PUBLISHER]);
  },
  commit(world: World, number: number, at: number, what: number) {
    const release = releaseOf(world, at);
    if (release !== undefined) world.commit(number % BUILDERS, release, pick(hashes, what >> 2) ?? '');
  },
  vote(world: World, number: number, at: number, what: number) {
    const release = releaseOf(world, at);
    if (release !== undefined) world.vote(number % BUILDERS, release, pick(hashes, what >> 2) ?? '');
  },
  honestVotes(world: World, at: number, until: number) {
    const release = releaseOf(world, at);
    if (release === undefined) return;
    for (let number = 0; number <= until % BUILDERS; number += 1)
      world.vote(number, release, hashes[0] ?? '');
  },
  honestCommits(world: World, at: number, until: number) {
    const release = releaseOf(world, at);
    if (release === undefined) return;
    for (let number = 0; number <= until % BUILDERS; number += 1)
      world.commit(number, release, hashes[0] ?? '');
  },
  fail(world: World, number: number, at: number) {
    const release = releaseOf(world, at);
    if (release !== undefined) world.fail(number % BUILDERS, release);
  },
  audit(world: World, at: number, numbers: number, what: number) {
    const release = releaseOf(world, at);
    const passed = Array.from({ length: BUILDERS }, (_, number) => number).filter(
      (number) => (numbers >> number) & 1,
    );
    if (release !== undefined && passed.length > 0)
      world.audit(release, pick(hashes, what >> 2) ?? '', ...passed);
  },
  auditAll(world: World) {
    for (const { release, infoHashV2, key } of unauditedVotes(world.tally)) {
      world.audit(release, infoHashV2, numberOf(key));
    }
  },
  pass(world: World, amount: number) {
    const spans = [
      0,
      SECOND,
      COMMIT_SECONDS * SECOND - 1,
      COMMIT_SECONDS * SECOND,
      VOTE_SECONDS * SECOND,
      HOUR / 2,
    ];
    world.pass(pick(spans, amount) ?? 0);
  },
  rotate(world: World, number: number, round: number) {
    world.rotate(number % BUILDERS, 1 + (round % 3));
  },
  revoke(world: World, number: number, signer: number, sure: number) {
    if (sure % 3 === 0)
      world.revoke(number % BUILDERS, signer % 2 === 0 ? undefined : keyOf(signer % BUILDERS, 1));
  },
  auditSome(world: World, at: number, numbers: number, what: number) {
    const release = pick([...world.tally.releases.keys(), ...world.tally.canaries.keys()], at);
    const passed = Array.from({ length: BUILDERS }, (_, number) => number).filter(
      (number) => (numbers >> number) & 1,
    );
    const fresh = passed.filter((number) => (what >> number) & 1);
    if (release !== undefined && passed.length > 0)
      world.auditFresh(release, pick(hashes, what >> 2) ?? '', passed, fresh);
  },
  canaryCommits(world: World, what: number, who: number) {
    for (const { digest, members } of canariesUnderWay(world)) {
      for (const [at, key] of members.entries()) {
        if ((who >> at) & 1) continue;
        world.commit(numberOf(key), digest, hashes[what % 4 === at ? 1 : 0] ?? '');
      }
    }
  },
  canaryVotes(world: World, what: number, who: number) {
    for (const { digest, members } of canariesUnderWay(world)) {
      for (const [at, key] of members.entries()) {
        if ((who >> at) & 1) continue;
        world.vote(numberOf(key), digest, hashes[what % 4 === at ? 1 : 0] ?? '');
      }
    }
  },
  rebuild(world: World, number: number, what: number) {
    for (const { digest, phase } of world.tally.canaries.values()) {
      if (phase === 'contested') world.vote(number % BUILDERS, digest, pick(hashes, what) ?? '');
    }
    world.pass(0);
  },
  /** A release that everybody takes part in, some in their own way, and the canaries and days after it. */
  season(world: World, rogue: number, how: number, days: number) {
    for (const number of [4, 5, 6]) if (!world.tally.builders.has(builderKey(number))) world.register(number);
    const release = world.opened({
      package: `pkg:npm/%40noble/season@1.0.${world.entries.length}`,
      canaryVariants: 3,
    });
    const outputOf = (number: number) => hashes[how % 3 === 0 && number === rogue % BUILDERS ? 1 : 0] ?? '';
    const everybody = Array.from({ length: BUILDERS }, (_, number) => number);
    for (const number of everybody) world.commit(number, release, outputOf(number));
    world.pass(COMMIT_SECONDS * SECOND);
    for (const number of everybody) {
      if (how % 4 !== 1 || number !== rogue % BUILDERS) world.vote(number, release, outputOf(number));
    }
    ACTIONS.auditAll(world);
    ACTIONS.canaryCommits(world, how, rogue % 5 === 0 ? 1 : 0);
    world.pass(HOUR / 2);
    ACTIONS.canaryVotes(world, how, rogue % 7 === 0 ? 1 : 0);
    world.pass(VOTE_SECONDS * SECOND);
    if (rogue % 2 === 0) ACTIONS.rebuild(world, rogue, how >> 2);
    ACTIONS.passDays(world, days);
  },
  passDays(world: World, days: number) {
    for (let day = 0; day <= days % 3; day += 1) {
      world.pass(DAY);
      for (const { digest, verdict } of world.tally.releases.values()) {
        const winner = verdict?.outcome.infoHashV2;
        if (typeof winner === 'string') world.audit(digest, winner, 4, 5, 6);
      }
    }
  },
  waitInSilence(world: World, amount: number) {
    world.nowMs += (amount % 3) * HOUR;
  },
  lyingLog(world: World, at: number, kind: number, honest: number) {
    const release = releaseOf(world, at);
    if (release === undefined) return;
    const subject = { name: world.view(release).package, sha256: release };
    const bound = { ...world.bound(), release };
    const lies: Statement[] = [
      makeStatement('open', subject, {
        ...bound,
        timeMs: world.nowMs - HOUR,
        panel: [],
        commitEndsMs: 1,
        voteEndsMs: 2,
      }),
      makeStatement('close', subject, { ...bound, commitments: 99 }),
      makeStatement('verdict', subject, {
        ...bound,
        state: 'final',
        infoHashV2: hashes[1] ?? '',
        groups: [],
      }),
    ];
    const lie = pick(lies, kind);
    if (lie !== undefined) world.append(lie, [honest % 2 === 0 ? LOG : builderKey(0)]);
  },
} as const;

function canariesUnderWay({ tally }: World): CanaryState[] {
  return [...tally.canaries.values()].filter(({ phase }) => phase === 'committing' || phase === 'voting');
}

function numberOf(key: string): number {
  return Array.from({ length: BUILDERS }, (_, each) => each).find((each) => builderKey(each) === key) ?? 0;
}

const small = fc.nat({ max: 1000 });
const chaos = fc
  .tuple(fc.constantFrom(...(Object.keys(ACTIONS) as (keyof typeof ACTIONS)[])), small, small, small)
  .map((step): Step[] => [step]);
const times = fc.array(chaos, { maxLength: 4 }).map((steps) => steps.flat());
/** A release that goes its way, with chaos in between; numbers chosen so that it is the latest one. */
const campaign = fc.tuple(small, small, times, times, times, fc.nat({ max: 10 })).map(
  ([name, until, first, second, third, ends]): Step[] =>
    [
      [['release', name, 1, until]],
      [['pass', 1, 0, 0]],
      [...first, ['honestCommits', 0, until, 0]],
      [['pass', 3, 0, 0], ...second],
      [['honestVotes', 0, until, 0], ['auditAll', 0, 0, 0], ...third],
      [
        ['canaryCommits', first.length, until % 7 === 0 ? 1 : 0, 0],
        ['pass', 5, 0, 0],
      ],
      [
        ['canaryVotes', first.length, until % 5 === 0 ? 1 : 0, 0],
        ['pass', 4, 0, 0],
      ],
      [
        ['rebuild', until, name, 0],
        ['passDays', until, 0, 0],
      ],
    ]
      .slice(0, ends)
      .flat() as Step[],
);
const season = fc
  .tuple(small, small, small)
  .map(([rogue, how, days]): Step[] => [['season', rogue, how, days]]);
const history = fc
  .array(fc.oneof(chaos, campaign, season), { minLength: 1, maxLength: 12, size: 'max' })
  .map((steps) => steps.flat());

function play(steps: readonly Step[]): World {
  const world = World.founded(rulesWith({ ...LIVELY, panelSeats: 4, minimumVotes: 2 }, 4), 4);
  for (const [action, first, second, third] of steps) ACTIONS[action](world, first, second, third);
  return world;
}

test('over random histories the incremental count equals a naive recount', () => {
  let decided = 0;
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(history, (steps) => {
      const world = play(steps);
      const naive = new NaiveCount(world.entries, ORIGIN, LOG);
      assert.deepEqual([...world.tally.releases.keys()].sort(), naive.releases().sort());
      for (const digest of naive.releases()) compare(world, digest, naive, seen);
      compareLives(world, naive, seen);
      decided += compareByProof(world.tally, world.entries);
      assert.equal(takeState(world.tally).says.root, rootFromNothing(world.tally), 'the state map');
    }),
    { numRuns: 120 },
  );
  assert.ok(decided > 50, `only ${decided} releases had an outcome to prove`);
  for (const what of ['eligible newcomer', 'diverged', 'canary final', 'canary contested', 'canary failed']) {
    assert.ok((seen.get(what) ?? 0) > 3, `only ${seen.get(what) ?? 0} times: ${what}`);
  }
  for (const state of ['announced', 'committing', 'voting', 'final', 'contested', 'failed']) {
    assert.ok((seen.get(state) ?? 0) > 3, `only ${seen.get(state) ?? 0} releases became ${state}`);
  }
});

function compareLives(world: World, naive: NaiveCount, seen: Map<string, number>): void {
  const note = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);
  const views = builderViews(world.tally);
  assert.deepEqual(views.map(({ key }) => key).sort(), [...naive.lives.all()].sort());
  for (const { key, standing, tenure, diverged } of views) {
    assert.equal(standing.eligible, naive.lives.isEligibleNow(key), standing.reason);
    assert.deepEqual(
      { builds: tenure.builds, canaries: tenure.canaries, activeDays: tenure.activeDays },
      naive.lives.tenure(key),
    );
    if (standing.stage === 'eligible' || standing.stage === 'elder') note('eligible newcomer');
    if (diverged !== undefined) note('diverged');
  }
  const canaries = [...world.tally.canaries.values()].map(({ digest, variant, members, phase }) => ({
    digest,
    variant,
    members,
    state: phase,
  }));
  const again = naive
    .canaries()
    .map(({ poll, variant, members, state }) => ({ digest: poll.digest, variant, members, state }));
  const byDigest = (left: { digest: string }, right: { digest: string }) =>
    left.digest < right.digest ? -1 : 1;
  assert.deepEqual(canaries.sort(byDigest), again.sort(byDigest));
  for (const { state } of canaries) note(`canary ${state}`);
}

function compare(world: World, digest: string, naive: NaiveCount, seen: Map<string, number>): void {
  const view = world.view(digest);
  const again = naive.release(digest);
  seen.set(again.state, (seen.get(again.state) ?? 0) + 1);
  assert.equal(view.state === 'superseded' ? 'failed' : view.state, again.state);
  assert.deepEqual(view.panel, again.panel);
  assert.equal(view.winner, again.winner);
  const counted = view.builders.filter(
    ({ status, infoHashV2 }) => status === 'counts' && infoHashV2 !== undefined,
  );
  assert.deepEqual(new Map(counted.map(({ key, voteIndex }) => [key, voteIndex])), new Map(again.counted));
  const contradicted = view.builders.filter(({ reason }) => reason.includes('logged two different'));
  assert.deepEqual(contradicted.map(({ key }) => key).sort(), [...again.equivocated].sort());
  if (['final', 'contested', 'failed'].includes(again.state)) {
    const dissent = view.builders.filter(({ reason }) => reason.startsWith('counts as dissent'));
    assert.deepEqual(dissent.map(({ key }) => key).sort(), [...again.unopened].sort());
  }
  assert.equal(
    view.groups.reduce((sum, group) => sum + group.counted, 0),
    again.counted.size,
  );
}

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
    canary: { ...bound, release, group: 0, variant: 1, members: [a, b], ...windows },
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
