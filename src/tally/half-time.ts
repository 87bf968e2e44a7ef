import { weightLostAt } from './life.ts';
import { markDirty } from './light-state.ts';
import { drawFrom, seat } from './lot.ts';
import type { ReleaseState, Tally } from './state.ts';

/** Nobody to whom a seat could go. */
const NOBODY: { readonly order: readonly string[]; readonly next: readonly string[] } = {
  order: [],
  next: [],
};

/** When half of the commit window of a release is over. */
export interface HalfTime {
  readonly timeMs: number;
  readonly digest: string;
  readonly round: number;
}

/** The middle of a commit window. */
export function halfTimeMs(openMs: number, commitEndsMs: number): number {
  return openMs + Math.ceil((commitEndsMs - openMs) / 2);
}

/** Notes when the seats of a release that opens now pass on. */
export function awaitHalfTime(tally: Tally, release: ReleaseState): void {
  if (release.open === undefined || release.pool === undefined) return;
  const openMs = release.open.timeMs;
  const half = {
    timeMs: halfTimeMs(openMs, release.commitEndsMs),
    digest: release.digest,
    round: release.round,
  };
  const after = tally.halfTimes.findLastIndex(({ timeMs }) => timeMs <= half.timeMs);
  tally.halfTimes.splice(after + 1, 0, half);
}

/**
 * Passes seats on in every release whose half-time has come with the last entry: before anything that this entry
 * says is counted.
 */
export function passSeats(tally: Tally): void {
  for (
    let [half] = tally.halfTimes;
    half !== undefined && half.timeMs <= tally.timeMs;
    [half] = tally.halfTimes
  ) {
    tally.halfTimes.shift();
    const release = tally.releases.get(half.digest);
    if (release?.round === half.round && release.phase === 'committing' && !release.ended)
      passOn(tally, release);
  }
}

/**
 * The seats of a panel whose holders have not committed by half-time go to the next in the lot's order, as many as
 * there are; those drawn last lose theirs first. Who rotated or was revoked since the draw was fixed would count for
 * nothing there, and is passed over. Where nobody is left, a seat stays with its holder.
 */
function passOn(tally: Tally, release: ReleaseState): void {
  const { panel } = release.draw;
  const idle = panel.filter((key) => release.ballots.get(key)?.commit === undefined);
  const { order, next } = idle.length === 0 ? NOBODY : heirsOf(tally, release, panel.length, idle.length);
  release.pool = undefined;
  if (next.length === 0) return;
  const losers = order
    .slice(0, panel.length)
    .filter((key) => idle.includes(key))
    .slice(-next.length);
  const lost = new Set(losers);
  seat(tally, release, [...panel.filter((key) => !lost.has(key)), ...next]);
  losers.forEach((key, at) => release.passed.set(key, next[at] ?? ''));
  markDirty(tally, `release:${release.digest}`);
}

/** The lot's order, as far as it was looked at, and the first in it behind the panel whose ballots have weight. */
function heirsOf(tally: Tally, release: ReleaseState, seats: number, most: number): typeof NOBODY {
  const pool = release.pool ?? [];
  for (let count = seats + most; ; count *= 2) {
    const order = drawFrom(tally, release, count);
    const next = order
      .slice(seats)
      .filter((key) => weightLostAt(tally, key, release.place.index, Infinity) === undefined)
      .slice(0, most);
    if (next.length === most || count >= pool.length) return { order, next };
  }
}
