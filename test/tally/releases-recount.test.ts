import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  admits,
  countEntry,
  emptyTally,
  resolvePackage,
  tallyDigest,
  unauditedVotes,
} from '../../src/tally/index.ts';
import { takeState } from '../../src/tally/state-map.ts';
import { compareByProof } from './by-proof.ts';
import { NaiveReleases } from './naive-releases.ts';
import { rootFromNothing } from './root-from-nothing.ts';
import {
  builderKey,
  COMMIT_SECONDS,
  hexOf,
  LOG,
  ORIGIN,
  PUBLISHER,
  rulesWith,
  SECOND,
  VOTE_SECONDS,
  World,
} from './world.ts';

const BUILDERS = 7;
const hashes = ['honest', 'backdoor'].map(hexOf);
const packages = ['pkg:npm/%40noble/a@1.0.0', 'pkg:npm/%40noble/b@1.0.0'];
const rules = rulesWith(
  {
    panelSeats: 3,
    minimumVotes: 2,
    urgent: { founders: 2, commitFloorSeconds: 1, voteFloorSeconds: 1, provisionalClusters: 2 },
    divergence: { clusters: 1000, share: [1, 1], graceDays: 0, founderSuspensionDays: 0 },
  },
  BUILDERS,
);

type Step = readonly [action: keyof typeof ACTIONS, first: number, second: number, third: number];
const pick = <Item>(items: readonly Item[], at: number): Item | undefined => items[at % items.length];
const releaseOf = (world: World, at: number) => {
  const digests = [...world.tally.releases.keys()];
  return at % 3 === 0 ? digests.at(-1) : pick(digests, at);
};

/** Signers of a turn: the publisher, founders enough or too few, a stranger. */
const signersOf = (number: number): string[] =>
  [
    [PUBLISHER],
    [builderKey(0), builderKey(1)],
    [builderKey(2)],
    [hexOf('stranger')],
    [PUBLISHER, builderKey(0), builderKey(1)],
  ][number % 5] ?? [];

const ACTIONS = {
  release(world: World, name: number, urgent: number, variant: number) {
    const change = {
      package: pick(packages, name) ?? '',
      recipe: { sha256: hexOf(`recipe ${variant} ${world.entries.length}`), sizeBytes: 1 },
    };
    if (urgent % 2 > 0) world.release(change);
    else world.urgent(urgent % 5 > 0 ? [0, 1] : [0], change);
  },
  commits(world: World, at: number, from: number, what: number) {
    const release = releaseOf(world, at);
    if (release === undefined) return;
    for (let number = from % BUILDERS; number <= BUILDERS - 1; number += 1 + (what % 3)) {
      world.commit(number, release, pick(hashes, what % 5 === 0 ? number : 0) ?? '');
    }
  },
  commit(world: World, at: number, number: number, what: number) {
    const release = releaseOf(world, at);
    if (release !== undefined) world.commit(number % BUILDERS, release, pick(hashes, what >> 2) ?? '');
  },
  votes(world: World, at: number, from: number, what: number) {
    const release = releaseOf(world, at);
    if (release === undefined) return;
    for (let number = from % BUILDERS; number <= BUILDERS - 1; number += 1) {
      world.vote(number, release, pick(hashes, what % 5 === 0 ? number : 0) ?? '');
    }
  },
  vote(world: World, at: number, number: number, what: number) {
    const release = releaseOf(world, at);
    if (release !== undefined) world.vote(number % BUILDERS, release, pick(hashes, what >> 2) ?? '');
  },
  audits(world: World) {
    for (const { release, infoHashV2, key } of unauditedVotes(world.tally)) {
      const number = Array.from({ length: BUILDERS }, (_, each) => each).find(
        (each) => builderKey(each) === key,
      );
      world.audit(release, infoHashV2, number ?? 0);
    }
  },
  supersede(world: World, old: number, heir: number, signers: number) {
    const [from, to] = [releaseOf(world, old), releaseOf(world, heir)];
    if (from !== undefined && to !== undefined)
      world.supersede(from, to, signersOf(signers & 4 ? signers : 0));
  },
  takedown(world: World, at: number, signers: number) {
    const release = releaseOf(world, at);
    if (release !== undefined) world.takedown(release, signersOf(signers));
  },
  revote(world: World, at: number, founders: number) {
    const release = releaseOf(world, at);
    if (release !== undefined) world.revote(release, founders % 4 === 0 ? [3] : [0, 1]);
  },
  /** What a thief of the publisher's key does to a release, and the founders' answer. */
  denial(world: World, at: number, how: number, again: number) {
    const release = releaseOf(world, at);
    if (release === undefined) return;
    world.takedown(release, signersOf(how % 2));
    ACTIONS.pass(world, how);
    world.revote(release, [0, 1]);
    ACTIONS.pass(world, again);
    if (again % 2 === 0) world.takedown(release, signersOf(again));
  },
  pass(world: World, amount: number) {
    const half = (COMMIT_SECONDS / 2) * SECOND;
    world.pass(
      pick([0, SECOND, half - SECOND, half, COMMIT_SECONDS * SECOND, VOTE_SECONDS * SECOND], amount) ?? 0,
    );
  },
} as const;

const small = fc.nat({ max: 1000 });
const chaos = fc
  .tuple(fc.constantFrom(...(Object.keys(ACTIONS) as (keyof typeof ACTIONS)[])), small, small, small)
  .map((step): Step[] => [step]);
const times = fc.array(chaos, { maxLength: 3 }).map((steps) => steps.flat());
/** A release that goes its way for some while, with chaos in between. */
const campaign = fc.tuple(small, small, small, times, times, times, fc.nat({ max: 7 })).map(
  ([name, urgent, from, first, second, third, ends]): Step[] =>
    [
      [['release', name, urgent, from]],
      [['pass', 1, 0, 0]],
      [...first, ['commits', 0, from % 3, 1]],
      [['pass', 3, 0, 0], ...second],
      [
        ['commits', 0, 0, 1],
        ['pass', 4, 0, 0],
      ],
      [['votes', 0, 0, 1], ['audits', 0, 0, 0], ...third],
      [['pass', 5, 0, 0]],
    ]
      .slice(0, ends)
      .flat() as Step[],
);
const history = fc
  .array(fc.oneof(chaos, campaign), { minLength: 1, maxLength: 8, size: 'max' })
  .map((steps) => steps.flat());

function play(steps: readonly Step[]): World {
  const world = World.founded(rules);
  for (const [action, first, second, third] of steps) ACTIONS[action](world, first, second, third);
  return world;
}

test('over random histories the lives of releases equal a naive recount', () => {
  const seen = new Map<string, number>();
  const note = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);
  // One part is the same in every run, so that what it meets is certain; the other is new each time.
  for (const parameters of [{ numRuns: 250, seed: 4 }, { numRuns: 150 }]) {
    fc.assert(
      fc.property(history, (steps) => {
        const world = play(steps);
        const naive = new NaiveReleases(world.entries, ORIGIN, LOG, rules);
        const digests = naive.releases().map(({ payloadDigest }) => payloadDigest);
        assert.deepEqual([...world.tally.releases.keys()], digests);
        compareByProof(world.tally, world.entries);
        assert.equal(takeState(world.tally).says.root, rootFromNothing(world.tally), 'the state map');
        for (const digest of digests) {
          const view = world.view(digest);
          const again = naive.life(digest);
          note(again.state);
          if (again.round > 0) note('revote');
          if (view.lifted !== undefined) note('lifted');
          if (again.passed.size > 0) note('passed');
          assert.deepEqual(
            {
              state: view.state,
              round: view.round,
              panel: view.panel,
              passed: new Map(view.passed.map(({ from, to }) => [from, to])),
              winner: view.winner,
              provisional: view.provisional?.infoHashV2,
              endedIndex: view.ended?.index,
            },
            again,
          );
        }
        for (const name of packages) {
          const { live, rivals } = naive.name(name);
          const resolved = resolvePackage(world.tally, name);
          assert.equal(resolved?.digest ?? '', live);
          if (live === '') continue;
          const { state, winner, endedIndex } = naive.life(live);
          const isContested = rivals.length > 0 && endedIndex === undefined;
          assert.deepEqual(
            [resolved?.state, resolved?.winner],
            isContested ? ['contested', null] : [state, winner],
          );
        }
        assert.equal(world.tally.alarmsTotal, 0);
      }),
      parameters,
    );
  }
  for (const what of [
    'announced',
    'committing',
    'voting',
    'provisional',
    'final',
    'contested',
    'failed',
    'superseded',
    'taken down',
    'revote',
    'passed',
    'lifted',
  ]) {
    assert.ok((seen.get(what) ?? 0) > 2, `only ${seen.get(what) ?? 0} releases became ${what}`);
  }
});

test('the door and the count agree on such histories, and counted again they give the same state', () => {
  fc.assert(
    fc.property(history, (steps) => {
      const world = play(steps);
      const again = emptyTally(world.tally.context);
      for (const entry of world.entries) {
        const answer = admits(again, entry.statement, entry.signers, entry.timeMs, entry.payloadDigest);
        const { refusedTotal, alarmsTotal } = again;
        countEntry(again, entry);
        if (answer.ok) assert.deepEqual([again.refusedTotal, again.alarmsTotal], [refusedTotal, alarmsTotal]);
      }
      assert.equal(tallyDigest(again), tallyDigest(world.tally));
    }),
    { numRuns: 60 },
  );
});
