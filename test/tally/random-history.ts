// Random histories of a log, made step by step: builders' lives, releases, canaries, lies of the log, and days.
import fc from 'fast-check';
import { makeStatement, type PolicyRules, type Statement } from '../../src/statement/index.ts';
import type { CanaryState } from '../../src/tally/canaries.ts';
import { unauditedVotes } from '../../src/tally/index.ts';
import {
  builderKey,
  COMMIT_SECONDS,
  HOUR,
  hexOf,
  keyOf,
  LOG,
  PUBLISHER,
  rulesWith,
  SECOND,
  VOTE_SECONDS,
  World,
} from './world.ts';

export const BUILDERS = 7;
export const hashes = ['honest', 'backdoor', 'upstream'].map(hexOf);
export const packages = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `pkg:npm/%40noble/${name}@1.0.0`);
const DAY = 24 * HOUR;
/** Tenure, admission and cooling that a history of days has room for. */
const LIVELY: Partial<PolicyRules> = {
  tenure: { activeDays: 1, builds: 1, canaries: 0 },
  elderDays: 2,
  admission: { periodDays: 1, least: 1, share: [1, 4] },
  divergence: { clusters: 2, share: [3, 5], graceDays: 2, founderSuspensionDays: 1 },
  coolingDays: 1,
  canary: { group: 2, perRelease: 2, commitSeconds: 1800, voteSeconds: 1800, settlers: 2, settleDays: 1 },
};

/** One step of a history; numbers choose among what there is when it runs. */
export type Step = readonly [action: keyof typeof ACTIONS, first: number, second: number, third: number];

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
      if (phase !== 'contested') continue;
      for (let next = 0; next <= 1 + (number % 3); next += 1) {
        const said = what % 4 === 0 ? what + next : what;
        world.vote((number + next) % BUILDERS, digest, pick(hashes, said >> 1) ?? '');
      }
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
    if (rogue % 3 !== 0) ACTIONS.openLate(world, 0, 3 * how + (days % 2));
    ACTIONS.passDays(world, days);
  },
  /** Builders open what they did not open in time, some of them to what they never committed to. */
  openLate(world: World, who: number, what: number) {
    for (const [key, charges] of world.tally.charges) {
      for (const { release, winner } of charges.values()) {
        if ((who >> numberOf(key)) & 1) continue;
        world.vote(numberOf(key), release, what % 3 === 0 ? winner : (pick(hashes, what) ?? ''));
      }
    }
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
export const history = fc
  .array(fc.oneof(chaos, campaign, season), { minLength: 1, maxLength: 12, size: 'max' })
  .map((steps) => steps.flat());

/** Plays histories, one behind the other, until there are no more or it is enough. */
export function playAll(histories: Iterable<readonly Step[]>, isEnough: (world: World) => boolean): World {
  const world = World.founded(rulesWith({ ...LIVELY, panelSeats: 4, minimumVotes: 2 }, 4), 4);
  for (const steps of histories) {
    for (const [action, first, second, third] of steps) ACTIONS[action](world, first, second, third);
    if (isEnough(world)) break;
  }
  return world;
}

export function play(steps: readonly Step[]): World {
  return playAll([steps], () => true);
}
