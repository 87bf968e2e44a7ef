import { closeDueMs, type ReleaseState } from '../tally/index.ts';

/** How far the log's time may be ahead of this machine's: as far as the count lets clocks differ. */
const APART_MS = 10 * 60_000;

/**
 * For how long, in milliseconds, the commit window of a release runs by this machine's clock; 0 or less when it has ended.
 * The log's time is the operator's word: one that runs ahead would close early, and a builder that believed it would show
 * its salt and infohash to those who can still commit elsewhere. It cannot name a time long before the publisher's own.
 */
export function stillOpenMs(release: ReleaseState, nowMs: number): number {
  return closeDueMs(release) - APART_MS - nowMs;
}

/** What a builder says of a log that closed too early. */
export function tooEarly(leftMs: number): string {
  return (
    "the log says that the commit window has ended, but by this machine's clock it ends in " +
    `${Math.floor((leftMs + APART_MS) / 60_000)} min: nothing is shown before; set the clock if it is wrong`
  );
}
