import { type CosignedCheckpoint, meetsQuorum, type TlogPolicy } from '../note/index.ts';
import type { Tally } from '../tally/index.ts';
import { ClientError } from './errors.ts';

/** Heartbeats that may be missed before a log counts as frozen. */
const MISSED = 3;
/** How far the log's clock may be ahead of this one. */
const MOST_AHEAD_SECONDS = 600;

/** How old the newest `state` may be beside the newest entry: one is due a day after the last. */
const STATE_HOURS = 25;
const HOUR_MS = 3_600_000;

/** What a user can do about it, where there is such an option. */
const ADVICE = '. Say --allow-stale to go on with it';

/**
 * Refuses a log that has shown no sign of life for {@link MISSED} of its policy's heartbeats: a frozen view hides
 * what came later, such as dissent. And one whose time is ahead of this clock, or a tally could let windows of days
 * pass in a moment and stay frozen until that time has come. Throws `stale`.
 */
export function requireFresh(tally: Tally, nowMs: number): void {
  requireNotAhead(tally, nowMs);
  const ageSeconds = Math.round((nowMs - tally.timeMs) / 1000);
  const mostSeconds = MISSED * (tally.policy?.rules.heartbeatSeconds ?? 0);
  if (ageSeconds <= mostSeconds) return;
  throw new ClientError(
    'stale',
    `the newest entry of the log is ${ageSeconds} s old, and its policy lets it be silent for ${mostSeconds} s: ` +
      `the tally is down, its view is held back, or this clock is wrong${ADVICE}`,
  );
}

/** Refuses a log from a time to come. Throws `stale`. */
export function requireNotAhead(tally: Tally, nowMs: number, advice = ADVICE): void {
  const aheadSeconds = Math.round((tally.timeMs - nowMs) / 1000);
  if (aheadSeconds <= MOST_AHEAD_SECONDS) return;
  throw new ClientError(
    'stale',
    `the newest entry of the log is ${aheadSeconds} s ahead of this clock, so its windows cannot be believed: ` +
      `the tally lies about the time, or this clock is wrong${advice}`,
  );
}

/** Refuses a `state` that is older than the log lets one be: it would hide what came since. Throws `stale`. */
export function requireFreshState({ timeMs }: Tally, stateMs: number | undefined): void {
  if (stateMs === undefined || isFreshState(timeMs, stateMs)) return;
  const hours = Math.round((timeMs - stateMs) / HOUR_MS);
  throw new ClientError(
    'stale',
    `the newest state that the tally shows is ${hours} h older than its newest entry, and one is due each day: it ` +
      `holds back what came since${ADVICE}`,
  );
}

/** Whether a `state` is as new as the log owes it to be, beside its newest entry. */
export function isFreshState(timeMs: number, stateMs: number): boolean {
  return timeMs - stateMs <= STATE_HOURS * HOUR_MS;
}

/** Those who cosigned at about the time that the log says it was. */
export function timelyOf(tally: Tally, cosigners: Cosigners): Cosigners {
  return cosigners.filter(({ timestamp }) => secondsApart(tally, timestamp) <= mostApart(tally));
}

/**
 * Refuses a log whose time is not that of a quorum of the witnesses which cosigned it. One beyond the quorum whose clock is
 * wrong keeps nobody from anything. Throws `stale`.
 */
export function requireWitnessedTime(
  tally: Tally,
  cosigners: Cosigners,
  witnesses: TlogPolicy | undefined,
  advice = ADVICE,
): void {
  if (witnesses === undefined) return;
  const timely = timelyOf(tally, cosigners);
  const has = new Set(timely.map(({ vkey }) => vkey));
  if (meetsQuorum(witnesses.quorum, ({ vkey }) => has.has(vkey))) return;
  const apart = cosigners.find((each) => !timely.includes(each));
  if (apart === undefined) return; // too few cosigned at all, which is told as `no-quorum`
  throw new ClientError(
    'stale',
    `the log's time and that of the witness ${apart.vkey.slice(0, apart.vkey.indexOf('+'))} are ` +
      `${secondsApart(tally, apart.timestamp)} s apart, more than ${mostApart(tally)} s: one of them lies about the ` +
      `time${advice}`,
  );
}

type Cosigners = CosignedCheckpoint['cosigners'];

function secondsApart({ timeMs }: Tally, timestamp: number): number {
  return Math.abs(timestamp - Math.round(timeMs / 1000));
}

function mostApart(tally: Tally): number {
  return Math.max(MOST_AHEAD_SECONDS, MISSED * (tally.policy?.rules.heartbeatSeconds ?? 0));
}
