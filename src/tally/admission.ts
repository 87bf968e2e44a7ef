import { concatBytes, toUtf8 } from '../bytes/index.ts';
import { DAY_MS, type Moment } from './life.ts';
import { lotSeed } from './lot-seed.ts';
import { drawLots } from './lottery.ts';
import { refreshStanding } from './membership.ts';
import { seedOfEntry } from './seed.ts';
import type { ReleaseState, Tally } from './state.ts';

const LABEL = 'bitquorum/admission/v1\0';

/** Where the admission of new members stands. */
export interface Admissions {
  /** When the running period ends. */
  nextMs: number | undefined;
  /** The entry that ended one whose draw still waits for a seed from the witnesses. */
  pending: Moment | undefined;
}

/** Begins the first period, at entry 0. */
export function startAdmissions(tally: Tally, timeMs: number): void {
  tally.admissions.nextMs = timeMs + periodMs(tally);
}

/**
 * Ends a period by the first entry after it. Of those who qualified before, some join, drawn by lot: at once by this
 * entry's own place in the log, or where the policy names witnesses by the next seed that they give.
 */
export function advanceAdmissions(tally: Tally, moment: Moment): void {
  const { admissions, policy } = tally;
  if (admissions.nextMs === undefined || tally.timeMs < admissions.nextMs || policy === undefined) return;
  const missed = Math.floor((tally.timeMs - admissions.nextMs) / periodMs(tally));
  admissions.nextMs += (missed + 1) * periodMs(tally);
  admissions.pending = { index: moment.index, timeMs: moment.timeMs };
  if (policy.rules.witnesses.quorum === 0) {
    admit(tally, seedOfEntry(tally, LABEL, moment), moment);
  }
}

/**
 * Lets the draw that waits for it take place by the witnesses' seed of a release that opens, if its checkpoint holds
 * the entry that ended the period: nobody could know it while who waits was not yet fixed.
 */
export function admitByWitnesses(tally: Tally, release: ReleaseState, moment: Moment): void {
  const { pending } = tally.admissions;
  if (pending === undefined || release.seed === null || release.seed.size <= pending.index) return;
  const seed = lotSeed(tally, release);
  admit(tally, tally.context.sha256(concatBytes(toUtf8(LABEL), seed)), moment);
}

/** The most that join: `least`, or the share of the eligible set when that is more. */
function placesOf(tally: Tally): number {
  const rules = tally.policy?.rules.admission;
  if (rules === undefined) return 0;
  const [part, whole] = rules.share;
  return Math.max(rules.least, Math.floor((tally.eligibleCount * part) / whole));
}

function admit(tally: Tally, seed: Uint8Array, moment: Moment): void {
  const { admissions, builders } = tally;
  const beforeIndex = admissions.pending?.index ?? 0;
  admissions.pending = undefined;
  // Who diverged meanwhile, became a founder or was revoked waits no more.
  const waiting = tally.waiting.filter(
    ({ key, index }) => builders.get(key)?.life.tenure.qualified?.index === index,
  );
  waiting.sort((left, right) => left.index - right.index || (left.key < right.key ? -1 : 1));
  const ready = waiting.filter(({ index }) => index < beforeIndex).map(({ key }) => key);
  const drawn = new Set(drawLots(tally.context.sha256, seed, ready, placesOf(tally)));
  tally.waiting = waiting.filter(({ key }) => !drawn.has(key));
  for (const key of drawn) {
    const builder = builders.get(key);
    if (builder === undefined) continue;
    builder.life.admitted = { index: moment.index, timeMs: moment.timeMs };
    builder.life.tenure.qualified = undefined;
    refreshStanding(tally, builder, moment);
  }
}

function periodMs(tally: Tally): number {
  return (tally.policy?.rules.admission.periodDays ?? 30) * DAY_MS;
}
