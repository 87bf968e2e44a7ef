import { concatBytes, toUtf8 } from '../bytes/index.ts';
import { DAY_MS, type Moment } from './life.ts';
import { lotSeed } from './lot-seed.ts';
import { Lot } from './lottery.ts';
import { refreshStanding } from './membership.ts';
import { seedOfEntry } from './seed.ts';
import type { ReleaseState, Tally } from './state.ts';
import { stopWaiting } from './tenure.ts';

const LABEL = 'bitquorum/admission/v1\0';
/** How many join with one entry: of thousands that were drawn the others join with those that follow. */
const MOST_AT_ONCE = 8;

/** Where the admission of new members stands. */
export interface Admissions {
  /** When the running period ends. */
  nextMs: number | undefined;
  /** The entry that ended one whose draw still waits for a seed from the witnesses. */
  pending: Moment | undefined;
  /** The last draw, until all of it have joined. */
  draw: AdmissionDraw | undefined;
}

interface AdmissionDraw {
  readonly lot: Lot;
  /** How many of the lot are still to join. */
  left: number;
  /** Who qualified earlier is in the lot. */
  readonly beforeIndex: number;
}

/** Begins the first period, at entry 0. */
export function startAdmissions(tally: Tally, timeMs: number): void {
  tally.admissions.nextMs = timeMs + periodMs(tally);
}

/**
 * Ends a period by the first entry after it. Of those who qualified before, some join, drawn by lot: from this entry on by
 * its own place in the log, or where the policy names witnesses by the next seed that they give. With each entry a few
 * of those who were drawn join.
 */
export function advanceAdmissions(tally: Tally, moment: Moment): void {
  endPeriod(tally, moment);
  admitDrawn(tally, moment);
}

function endPeriod(tally: Tally, moment: Moment): void {
  const { admissions, policy } = tally;
  if (admissions.nextMs === undefined || tally.timeMs < admissions.nextMs || policy === undefined) return;
  const missed = Math.floor((tally.timeMs - admissions.nextMs) / periodMs(tally));
  admissions.nextMs += (missed + 1) * periodMs(tally);
  admissions.pending = { index: moment.index, timeMs: moment.timeMs };
  if (policy.rules.witnesses.quorum === 0) draw(tally, seedOfEntry(tally, LABEL, moment));
}

/**
 * Lets the draw that waits for it take place by the witnesses' seed of a release that opens, if its checkpoint holds
 * the entry that ended the period: nobody could know it while who waits was not yet fixed.
 */
export function admitByWitnesses(tally: Tally, release: ReleaseState, moment: Moment): void {
  const { pending } = tally.admissions;
  if (pending === undefined || release.seed === null || release.seed.size <= pending.index) return;
  const seed = lotSeed(tally, release);
  draw(tally, tally.context.sha256(concatBytes(toUtf8(LABEL), seed)));
  admitDrawn(tally, moment);
}

/** The most that join: `least`, or the share of the eligible set when that is more. */
function placesOf(tally: Tally): number {
  const rules = tally.policy?.rules.admission;
  if (rules === undefined) return 0;
  const [part, whole] = rules.share;
  return Math.max(rules.least, Math.floor((tally.eligibleCount * part) / whole));
}

/** Begins a draw. Whoever was drawn before and has not joined yet waits again. */
function draw(tally: Tally, seed: Uint8Array): void {
  const { admissions } = tally;
  const beforeIndex = admissions.pending?.index ?? 0;
  admissions.pending = undefined;
  const ready = tally.waiting.before(beforeIndex);
  const lot = new Lot(tally.context.sha256, seed, ready);
  admissions.draw = { lot, left: Math.min(placesOf(tally), ready.length), beforeIndex };
}

/** Lets the next of those who were drawn join, unless they ceased to wait. */
function admitDrawn(tally: Tally, moment: Moment): void {
  const { admissions, builders } = tally;
  const { draw: current } = admissions;
  if (current === undefined) return;
  for (let most = Math.min(current.left, MOST_AT_ONCE); most > 0; most -= 1) {
    current.left -= 1;
    const builder = builders.get(current.lot.next() ?? '');
    if (builder === undefined) continue;
    const { qualified } = builder.life.tenure;
    if (qualified === undefined || qualified.index >= current.beforeIndex) continue;
    builder.life.admitted = { index: moment.index, timeMs: moment.timeMs };
    stopWaiting(tally, builder);
    refreshStanding(tally, builder, moment);
  }
  if (current.left === 0) admissions.draw = undefined;
}

function periodMs(tally: Tally): number {
  return (tally.policy?.rules.admission.periodDays ?? 30) * DAY_MS;
}
