import { commitmentOf, type StatementOf } from '../statement/browser.ts';
import { diverge } from './divergence.ts';
import { DAY_MS, type Moment } from './life.ts';
import { refreshStanding } from './membership.ts';
import { type Refusal, refuse } from './refusal.ts';
import type { BuilderState, Entry, Tally } from './state.ts';
import { pushTimer, takeTimer } from './timers.ts';

/**
 * A commitment that its builder did not open in time, where the others agreed. Until a day it may still open it: who
 * was away loses nothing but that build. Not opened by then, or opened to something else, it is a divergence.
 */
export interface Charge {
  /** Digest of the release or canary. */
  readonly release: string;
  readonly package: string;
  readonly isCanary: boolean;
  /** The commitment, and its entry. */
  readonly commitment: string | undefined;
  readonly index: number;
  /** What the verdict decided. */
  readonly winner: string;
  /** From then on it is a divergence. */
  readonly dueMs: number;
}

/** Charges a builder at a verdict; with no grace in the policy it diverges at once. */
export function chargeUnopened(
  tally: Tally,
  builder: BuilderState,
  moment: Moment,
  unopened: Omit<Charge, 'dueMs'>,
  graceDays: number,
): void {
  const charge = { ...unopened, dueMs: moment.timeMs + graceDays * DAY_MS };
  if (graceDays === 0) {
    convict(tally, builder, charge, moment, neverOpened(charge));
    return;
  }
  const charges = tally.charges.get(builder.key);
  if (charges === undefined) tally.charges.set(builder.key, new Map([[charge.release, charge]]));
  else charges.set(charge.release, charge);
  pushTimer(tally, { timeMs: charge.dueMs, key: builder.key });
}

/** What a builder has not opened and may still open, by digest of the release or canary. */
export function chargesOf(tally: Tally, key: string): readonly Charge[] {
  return [...(tally.charges.get(key)?.values() ?? [])];
}

/** A builder's charge about a release or canary that it may still answer at a time. */
export function chargeOn(tally: Tally, key: string, release: string, timeMs: number): Charge | undefined {
  const charge = tally.charges.get(key)?.get(release);
  return charge !== undefined && timeMs < charge.dueMs ? charge : undefined;
}

/** A vote after the verdict answers a charge when it opens the commitment; it moves no verdict. */
export function judgeLateVote(
  tally: Tally,
  charge: Charge,
  { subject, predicate }: StatementOf<'vote'>,
  key: string,
): Refusal | undefined {
  if (subject.name !== charge.package) {
    return refuse('wrong-subject', `release ${charge.release} is ${charge.package}`);
  }
  const { salt, infoHashV2 } = predicate;
  const { origin, sha256 } = tally.context;
  const opened = commitmentOf({ origin, release: charge.release, key, salt, infoHashV2 }, sha256);
  if (opened === charge.commitment) return undefined;
  return refuse('does-not-open', `salt and infohash do not open the commitment of entry ${charge.index}`);
}

/** Takes a vote that {@link judgeLateVote} let pass: the same as the others clears its builder, another is a divergence. */
export function applyLateVote(
  tally: Tally,
  charge: Charge,
  { predicate }: StatementOf<'vote'>,
  key: string,
  entry: Entry,
): void {
  dropCharge(tally, key, charge.release);
  const release = tally.releases.get(charge.release);
  if (release !== undefined) {
    release.openedLate ??= new Map();
    release.openedLate.set(key, entry.index);
  }
  const builder = tally.builders.get(key);
  if (builder === undefined) return;
  if (predicate.infoHashV2 !== charge.winner) {
    const what = charge.isCanary ? 'another canary' : 'something else';
    convict(
      tally,
      builder,
      charge,
      entry,
      `it built ${what} than the others (opened late, entry ${entry.index})`,
    );
  } else if (charge.isCanary) builder.life.canaries.missed += 1;
}

/** Lets a charge fall: its verdict is asked about again. */
export function dropCharge(tally: Tally, key: string, release: string): void {
  const charges = tally.charges.get(key);
  charges?.delete(release);
  if (charges?.size === 0) tally.charges.delete(key);
}

/** Looks at the builders whose day has come: a charge is due, or cooling or suspension has ended. */
export function wakeBuilders(tally: Tally, moment: Moment): void {
  for (let key = takeTimer(tally); key !== undefined; key = takeTimer(tally)) {
    const builder = tally.builders.get(key);
    if (builder === undefined) continue;
    for (const charge of chargesOf(tally, key)) {
      if (charge.dueMs > tally.timeMs) continue;
      dropCharge(tally, key, charge.release);
      convict(tally, builder, charge, moment, neverOpened(charge));
    }
    refreshStanding(tally, builder, moment);
  }
}

function convict(tally: Tally, builder: BuilderState, charge: Charge, moment: Moment, why: string): void {
  if (charge.isCanary) builder.life.canaries.failed += 1;
  diverge(tally, builder, moment, charge.release, why);
}

function neverOpened({ isCanary, index }: Charge): string {
  return `it never opened its commitment${isCanary ? ' to a canary' : ''} (entry ${index})`;
}
