// Proofs against full counts over random histories in which the rules, the founders and the keys change.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareByProof } from './by-proof.ts';
import {
  builderKey,
  COMMIT_SECONDS,
  HOUR,
  hexOf,
  PUBLISHER,
  rulesWith,
  SECOND,
  VOTE_SECONDS,
  World,
} from './world.ts';

const BUILDERS = 7;
const DAY = 24 * HOUR;
const OTHER_PUBLISHER = hexOf('other publisher');
const hashes = ['honest', 'backdoor'].map(hexOf);
const packages = ['pkg:npm/%40noble/a@1.0.0', 'pkg:npm/%40noble/b@1.0.0'];
const FIRST = rulesWith({ panelSeats: 3, minimumVotes: 2, coolingDays: 1 }, BUILDERS);
const POLICIES = [
  FIRST,
  rulesWith({ panelSeats: 5, minimumVotes: 3, coolingDays: 0 }, BUILDERS),
  rulesWith({ panelSeats: 3, minimumVotes: 2, coolingDays: 14, foundersQuorum: 1 }, BUILDERS - 2),
  rulesWith(
    {
      panelSeats: 3,
      minimumVotes: 1,
      panelMargin: [3, 5],
      publishers: [
        { prefix: 'pkg:npm/%40noble/a@', keys: [PUBLISHER] },
        { prefix: 'pkg:npm/%40noble/b@', keys: [OTHER_PUBLISHER] },
      ],
    },
    BUILDERS,
  ),
  rulesWith(
    {
      panelSeats: 2,
      minimumVotes: 2,
      windows: { commitFloorSeconds: 60, voteFloorSeconds: 60, endEarly: true },
    },
    3,
  ),
];

type Step = readonly [action: keyof typeof ACTIONS, first: number, second: number, third: number];

/** A world that remembers which key each builder has come to. */
interface Played {
  readonly world: World;
  readonly turns: number[];
}

function releaseOf({ tally }: World, at: number): string | undefined {
  const digests = [...tally.releases.keys()];
  return at % 3 === 0 ? digests.at(-1) : digests[at % digests.length];
}

/** The builders from a number on, and what each of them made. */
function* makers(from: number, what: number): Generator<[number: number, infoHashV2: string]> {
  for (let number = from % 3; number < BUILDERS; number += 1) {
    yield [number, hashes[what % 4 === 0 ? number % 2 : 0] ?? ''];
  }
}

const ACTIONS = {
  policy({ world }: Played, which: number, days: number) {
    const { founders, foundersQuorum } = world.tally.policy?.rules ?? FIRST;
    const signers = founders
      .slice(0, foundersQuorum)
      .map((key) => world.tally.builders.get(key)?.life.currentKey ?? key);
    world.policy(POLICIES[which % POLICIES.length] ?? FIRST, signers, world.nowMs + (14 + (days % 3)) * DAY);
  },
  release({ world }: Played, name: number, publisher: number, variant: number) {
    const recipe = { sha256: hexOf(`recipe ${variant} ${world.entries.length}`), sizeBytes: 1 };
    const change = { package: packages[name % 2] ?? '', recipe };
    world.release(change, publisher % 4 === 0 ? OTHER_PUBLISHER : PUBLISHER);
  },
  commits({ world }: Played, at: number, from: number, what: number) {
    const release = releaseOf(world, at);
    if (release === undefined) return;
    for (const [number, infoHashV2] of makers(from, what)) world.commit(number, release, infoHashV2);
  },
  votes({ world }: Played, at: number, from: number, what: number) {
    const release = releaseOf(world, at);
    if (release === undefined) return;
    for (const [number, infoHashV2] of makers(from, what)) world.vote(number, release, infoHashV2);
  },
  audits({ world }: Played, at: number, from: number) {
    const release = releaseOf(world, at);
    if (release === undefined) return;
    for (const [number] of makers(from, 0)) {
      const vote = world.tally.releases.get(release)?.ballots.get(builderKey(number))?.vote;
      if (vote !== undefined) world.audit(release, vote.infoHashV2, number);
    }
  },
  rotate({ world, turns }: Played, at: number) {
    const number = at % BUILDERS;
    turns[number] = (turns[number] ?? 0) + 1;
    world.rotate(number, turns[number]);
  },
  revoke({ world }: Played, at: number, sure: number) {
    if (sure % 4 === 0) world.revoke(at % BUILDERS);
  },
  takedown({ world }: Played, at: number, who: number) {
    const release = releaseOf(world, at);
    const founders = [world.signer(0), world.signer(1)];
    if (release !== undefined) world.takedown(release, who % 2 === 0 ? founders : [PUBLISHER]);
  },
  supersede({ world }: Played, at: number, to: number) {
    const [release, by] = [releaseOf(world, at), releaseOf(world, to)];
    if (release !== undefined && by !== undefined) world.supersede(release, by);
  },
  revote({ world }: Played, at: number) {
    const release = releaseOf(world, at);
    if (release === undefined) return;
    world.append(world.revoteStatement(release), [world.signer(0), world.signer(1)]);
  },
  pass({ world }: Played, how: number) {
    const commit = COMMIT_SECONDS * SECOND;
    world.pass([0, SECOND, commit / 2, commit, VOTE_SECONDS * SECOND, 13 * DAY, DAY][how % 7] ?? 0);
  },
} as const;

const small = fc.nat({ max: 1000 });
const chaos = fc
  .tuple(fc.constantFrom(...(Object.keys(ACTIONS) as (keyof typeof ACTIONS)[])), small, small, small)
  .map((step): Step[] => [step]);
const times = fc.array(chaos, { maxLength: 3 }).map((steps) => steps.flat());
/** A release that goes its way to a verdict, with chaos in between. */
const campaign = fc
  .tuple(small, small, small, times, times, times)
  .map(([name, what, from, first, second, third]): Step[] => {
    const announced: Step[] = [
      ['release', name, what, from],
      ['pass', 1, 0, 0],
    ];
    const committed: Step[] = [
      ['commits', 0, from, what],
      ['pass', 3, 0, 0],
    ];
    const voted: Step[] = [
      ['votes', 0, from, what],
      ['audits', 0, 0, 0],
    ];
    return announced.concat(first, committed, second, voted, third, [['pass', 4, 0, 0]]);
  });
const history = fc
  .array(fc.oneof(chaos, campaign), { minLength: 1, maxLength: 10, size: 'max' })
  .map((steps) => steps.flat());

test('what proofs hold comes to what the whole log comes to, whatever rules, founders and keys have changed since', () => {
  let decided = 0;
  for (const parameters of [{ numRuns: 150, seed: 4 }, { numRuns: 50 }]) {
    fc.assert(
      fc.property(history, (steps) => {
        const world = World.founded(FIRST);
        const played = { world, turns: [] };
        for (const [action, first, second, third] of steps) ACTIONS[action](played, first, second, third);
        decided += compareByProof(world.tally, world.entries);
        assert.equal(world.tally.alarmsTotal, 0);
      }),
      parameters,
    );
  }
  assert.ok(decided > 150, `only ${decided} releases were decided`);
});
