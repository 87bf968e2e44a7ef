import type { Tally } from '../tally/index.ts';
import { ClientError } from './errors.ts';

/** Heartbeats that may be missed before a log counts as frozen. */
const MISSED = 3;
/** How far the log's clock may be ahead of this one. */
const MOST_AHEAD_SECONDS = 600;

/**
 * Refuses a log that has shown no sign of life for {@link MISSED} of its policy's heartbeats: a frozen view hides
 * what came later, such as dissent. And one whose time is ahead of this clock, or a tally could let windows of days
 * pass in a moment and stay frozen until that time has come. Throws `stale`.
 */
export function requireFresh(tally: Tally, nowMs: number): void {
  const ageSeconds = Math.round((nowMs - tally.timeMs) / 1000);
  if (-ageSeconds > MOST_AHEAD_SECONDS) {
    throw new ClientError(
      'stale',
      `the newest entry of the log is ${-ageSeconds} s ahead of this clock, so its windows cannot be believed: ` +
        'the tally lies about the time, or this clock is wrong. Say --allow-stale to go on with it',
    );
  }
  const mostSeconds = MISSED * (tally.policy?.rules.heartbeatSeconds ?? 0);
  if (ageSeconds <= mostSeconds) return;
  throw new ClientError(
    'stale',
    `the newest entry of the log is ${ageSeconds} s old, and its policy lets it be silent for ${mostSeconds} s: ` +
      'the tally is down, its view is held back, or this clock is wrong. Say --allow-stale to go on with it',
  );
}
