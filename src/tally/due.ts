import { toHex, toUtf8 } from '../bytes/index.ts';
import { makeStatement, type Statement, type StatementOf } from '../statement/browser.ts';
import { waitsForSeed } from './canaries.ts';
import { canariesDue, nextCanaryDueMs } from './canary-verdict.ts';
import { closeDueMs, verdictDueMs } from './early.ts';
import { type CosignedHead, isWitnessed, seedFrom } from './lot-seed.ts';
import type { Tally } from './state.ts';
import { stateDueMs, stateStatement } from './state-map.ts';
import { verdictStatement } from './verdict.ts';
import { closeStatement, openStatement } from './windows.ts';

/** Statements that one call asks for at most; the next call asks for the rest. */
const MOST_DUE = 64;

/**
 * What the log should sign and append now: `open` for each new release, `close` and `verdict` for windows
 * that have ended, else a `state` when one is due, else a `heartbeat` when it has been silent too long. Call it
 * again after appending: a release moves by one entry a call.
 *
 * @param head the newest checkpoint that was published, with its cosignatures: where the policy names witnesses,
 *   a release is opened once it holds the release, and canary groups are drawn once it holds their `close`
 */
export function entriesDue(tally: Tally, nowMs: number, head?: CosignedHead): Statement[] {
  if (tally.policy === undefined) return [];
  const timeMs = Math.max(nowMs, tally.timeMs);
  const due: Statement[] = [];
  for (const digest of tally.unfinished) {
    if (due.length >= MOST_DUE) return due;
    const release = tally.releases.get(digest);
    if (release === undefined) continue;
    if (release.phase === 'announced') {
      const seed = isWitnessed(release) ? seedFrom(release.rules, release.place, head) : null;
      if (seed !== undefined) due.push(openStatement(tally, release, seed, timeMs));
    } else if (release.phase === 'committing' && timeMs >= closeDueMs(release)) {
      due.push(closeStatement(tally, release, timeMs));
    } else if (release.phase === 'voting' && timeMs >= verdictDueMs(release)) {
      due.push(verdictStatement(tally, release, timeMs));
    }
  }
  for (const statement of canariesDue(tally, timeMs, head)) {
    if (due.length < MOST_DUE) due.push(statement);
  }
  const stateMs = stateDueMs(tally);
  if (due.length === 0 && stateMs !== undefined && timeMs >= stateMs) due.push(stateStatement(tally, timeMs));
  if (due.length === 0 && timeMs - tally.timeMs >= tally.policy.rules.heartbeatSeconds * 1000) {
    due.push(heartbeatStatement(tally, timeMs));
  }
  return due;
}

/** When {@link entriesDue} next has something to say, if nothing is appended before; for a timer. */
export function nextDueMs(tally: Tally): number | undefined {
  if (tally.policy === undefined) return undefined;
  const heartbeatMs = tally.timeMs + tally.policy.rules.heartbeatSeconds * 1000;
  let next = Math.min(heartbeatMs, stateDueMs(tally) ?? heartbeatMs, nextCanaryDueMs(tally));
  for (const digest of tally.unfinished) {
    const release = tally.releases.get(digest);
    if (release?.phase === 'announced' && !isWitnessed(release)) return tally.timeMs;
    if (release?.phase === 'committing') next = Math.min(next, closeDueMs(release));
    if (release?.phase === 'voting') next = Math.min(next, verdictDueMs(release));
  }
  return next;
}

/** The size that a cosigned checkpoint needs, for a panel or canary groups that wait for their lot's seed; undefined when none do. */
export function seedSize(tally: Tally): number | undefined {
  let size: number | undefined;
  for (const digest of tally.unfinished) {
    const release = tally.releases.get(digest);
    if (release?.phase !== 'announced' || !isWitnessed(release)) continue;
    size = Math.min(size ?? Infinity, release.place.index + 1);
  }
  for (const digest of tally.canaryReleases) {
    const release = tally.releases.get(digest);
    if (release !== undefined && waitsForSeed(release)) {
      size = Math.min(size ?? Infinity, (release.canaryPlan?.place.index ?? 0) + 1);
    }
  }
  return size;
}

/** SHA-256 of the origin, hex: the subject of every heartbeat. */
export function heartbeatDigest(tally: Tally): string {
  return toHex(tally.context.sha256(toUtf8(tally.context.origin)));
}

/** That the log is alive. */
export function heartbeatStatement(tally: Tally, timeMs: number): StatementOf<'heartbeat'> {
  const { origin } = tally.context;
  return makeStatement(
    'heartbeat',
    { name: 'heartbeat', sha256: heartbeatDigest(tally) },
    { origin, timeMs },
  );
}
