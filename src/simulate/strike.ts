import { releaseView } from '../tally/index.ts';
import { badOf, goodOf, type Running } from './actor.ts';
import type { Network } from './network.ts';
import { type Answers, majorityOutcome, type OtherOutcome, thresholdOutcome } from './other-rules.ts';

const HOUR_MS = 3_600_000;

/** How one attack on one release ended, by the real count and by two other ways to count the same votes. */
export interface Strike {
  /** Days since the attack began. */
  readonly day: number;
  readonly state: string;
  /** What the count makes clients install. */
  readonly installed: 'good' | 'bad' | 'nothing';
  /** Whether clients that ask for it could install the bad build before the verdict. */
  readonly badProvisional: boolean;
  /** Seats of the panel at the verdict: all, and the attackers'. */
  readonly seats: number;
  readonly attackerSeats: number;
  readonly eligible: number;
  readonly attackersEligible: number;
  /** What the attackers' builders served until then, in months of one each; null when they were bought. */
  readonly machineMonths: number | null;
  /** From the announcement until honest and false votes stand side by side in the log; null when no honest one does. */
  readonly hoursToSee: number | null;
  /** Attackers with standing (eligible, or waiting for the lot) before the attack, and after it. */
  readonly standingBefore: number;
  readonly standingAfter: number;
  /** What the other rules count: everybody's answer. */
  readonly answers: Answers;
  readonly threshold: OtherOutcome;
  readonly majority: OtherOutcome;
}

/**
 * Lets the attackers vote for a bad build of a release that was just opened, and follows it until its verdict.
 * `threshold` is the M of the rule that it is compared with.
 */
export function strike(
  network: Network,
  release: Running,
  threshold: number,
  extra: Answers = { honest: 0, false: 0 },
): Strike {
  const { day, before, machineMonths, eligible, attackersEligible } = {
    day: network.today,
    before: standingOf(network),
    ...costOf(network),
    ...electorateOf(network),
  };
  const honest = network.behaviour;
  network.behaviour = {
    ...honest,
    outputOf: (actor, running) =>
      running === release && actor.side === 'attacker'
        ? badOf(release.digest)
        : honest.outputOf(actor, running),
  };
  const openedMs = network.ledger.nowMs;
  let badProvisional = false;
  let hoursToSee: number | null = null;
  network.onVotes = (running) => {
    if (running !== release) return;
    badProvisional ||= isBadProvisional(network, release);
    if (showsBoth(release)) hoursToSee ??= (network.ledger.nowMs - openedMs) / HOUR_MS;
  };
  network.rest([release]);
  for (let day = 0; day < 5; day += 1) network.rest(network.day(0));
  network.behaviour = honest;
  network.onVotes = () => undefined;
  const state = network.tally.releases.get(release.digest);
  const winner = state?.verdict?.outcome.infoHashV2;
  const panel = state?.draw.panel ?? [];
  const answers = answersOf(release, extra);
  return {
    day,
    state: state?.phase ?? 'failed',
    installed: installedBy(winner, release),
    badProvisional,
    seats: panel.length,
    attackerSeats: panel.filter((key) => network.actors.get(key)?.side === 'attacker').length,
    eligible,
    attackersEligible,
    machineMonths,
    hoursToSee,
    standingBefore: before,
    standingAfter: standingOf(network),
    answers,
    threshold: thresholdOutcome(answers, threshold),
    majority: majorityOutcome(answers),
  };
}

/** Whether the attackers on the panel would win, if every honest builder on it votes. */
export function wouldWin(network: Network, release: Running): boolean {
  const draw = network.tally.releases.get(release.digest)?.draw;
  if (draw === undefined) return false;
  const isAttacker = (key: string) => network.actors.get(key)?.side === 'attacker';
  const mine = draw.panel.filter(isAttacker).length;
  const seniors = draw.seniors.filter(isAttacker).length;
  return mine >= draw.quorum && mine * 3 >= draw.panel.length * 2 && seniors * 3 >= draw.seniors.length * 2;
}

/** Eligible builders: all, and the attackers'. */
export function electorateOf(network: Network): { eligible: number; attackersEligible: number } {
  let attackersEligible = 0;
  for (const actor of network.active) {
    if (actor.side === 'attacker' && network.isEligible(actor.key)) attackersEligible += 1;
  }
  return { eligible: network.tally.eligibleCount, attackersEligible };
}

/** Attackers that are eligible or wait for the lot. */
function standingOf(network: Network): number {
  let standing = 0;
  for (const { side, key } of network.active) {
    const life = network.tally.builders.get(key)?.life;
    if (side === 'attacker' && (life?.eligible || life?.tenure.qualified !== undefined)) standing += 1;
  }
  return standing;
}

/** What the attackers served: months of one builder each, rounded to a tenth. */
function costOf(network: Network): { machineMonths: number } {
  let days = 0;
  for (const actor of network.active) if (actor.side === 'attacker') days += actor.servedDays;
  return { machineMonths: Math.round(days / 3) / 10 };
}

/** Whether honest and false votes stand side by side. */
function showsBoth({ digest, outputs, opened }: Running): boolean {
  const seen = new Set<string | undefined>();
  for (const key of opened) seen.add(outputs.get(key));
  return seen.has(goodOf(digest)) && seen.has(badOf(digest));
}

function isBadProvisional(network: Network, release: Running): boolean {
  const provisional = releaseView(network.tally, release.digest)?.provisional;
  return provisional?.infoHashV2 === badOf(release.digest);
}

function installedBy(winner: string | null | undefined, release: Running): Strike['installed'] {
  if (winner === goodOf(release.digest)) return 'good';
  return winner === null || winner === undefined ? 'nothing' : 'bad';
}

function answersOf(release: Running, extra: Answers): Answers {
  const outputs = [...release.outputs.values()];
  const bad = outputs.filter((output) => output === badOf(release.digest)).length;
  return { honest: outputs.length - bad + extra.honest, false: bad + extra.false };
}
