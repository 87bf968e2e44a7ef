import { makeStatement, type StatementOf } from '../statement/browser.ts';
import { closeDueMs } from './early.ts';
import { type Refusal, refuse } from './refusal.ts';
import type { Entry, ReleaseState, Tally } from './state.ts';

/** How long before its receipt time the log may have made an entry of its own. */
const OWN_PLAY_MS = 60_000;

/** The windows of a release that opens at a time. */
function windowsFrom(release: ReleaseState, timeMs: number): { commitEndsMs: number; voteEndsMs: number } {
  const { commitSeconds, voteSeconds } = release.predicate;
  const commitEndsMs = timeMs + commitSeconds * 1000;
  return { commitEndsMs, voteEndsMs: commitEndsMs + voteSeconds * 1000 };
}

/** The `open` that the log owes a release: its panel, and both windows from `timeMs` on. */
export function openStatement(tally: Tally, release: ReleaseState, timeMs: number): StatementOf<'open'> {
  return makeStatement('open', subjectOf(release), {
    origin: tally.context.origin,
    timeMs,
    release: release.digest,
    panel: [...release.draw.panel],
    ...windowsFrom(release, timeMs),
  });
}

/** The `close` that the log owes a release once its commit window has ended. */
export function closeStatement(tally: Tally, release: ReleaseState, timeMs: number): StatementOf<'close'> {
  return makeStatement('close', subjectOf(release), {
    origin: tally.context.origin,
    timeMs,
    release: release.digest,
    commitments: release.committed,
  });
}

/** Why nobody is ever asked to build a release, if so. */
export function neverOpens(release: ReleaseState): Refusal | undefined {
  if (!release.authorised) {
    return refuse('unknown-publisher', 'a release by a publisher whom the policy does not know has no panel');
  }
  if (release.rival) return refuse('taken', 'another release holds this name, so this one has no panel');
  return undefined;
}

export function judgeOpen(release: ReleaseState): Refusal | undefined {
  const never = neverOpens(release);
  if (never !== undefined || release.phase === 'announced') return never;
  return refuse('duplicate', 'this release is open already');
}

export function judgeClose(release: ReleaseState, timeMs: number): Refusal | undefined {
  if (release.phase === 'announced') return refuse('too-early', 'this release is not open yet');
  if (release.phase !== 'committing') return refuse('duplicate', 'this release is closed already');
  if (timeMs < closeDueMs(release)) return refuse('too-early', 'its commit window has not ended');
  return undefined;
}

/** What an `open` says that the count does not confirm. */
export function faultOfOpen(
  release: ReleaseState,
  { predicate }: StatementOf<'open'>,
  timeMs: number,
): string | undefined {
  if (!isTimely(predicate.timeMs, timeMs)) {
    return `open names the time ${predicate.timeMs}, and its receipt time is ${timeMs}`;
  }
  if (predicate.panel.join() !== release.draw.panel.join())
    return 'open names another panel than the lot drew';
  const due = windowsFrom(release, predicate.timeMs);
  if (predicate.commitEndsMs !== due.commitEndsMs || predicate.voteEndsMs !== due.voteEndsMs) {
    return 'open names other windows than the release and its own time give';
  }
  return undefined;
}

/** What a `close` says that the count does not confirm. */
export function faultOfClose(release: ReleaseState, { predicate }: StatementOf<'close'>): string | undefined {
  if (predicate.commitments === release.committed) return undefined;
  return `close counts ${predicate.commitments} builders with a commitment, and there are ${release.committed}`;
}

/**
 * Opens a release. Its commit window runs from the time that `open` names, or from its receipt time when the
 * named one is wrong.
 */
export function applyOpen(release: ReleaseState, { predicate }: StatementOf<'open'>, entry: Entry): void {
  const timeMs = isTimely(predicate.timeMs, entry.timeMs) ? predicate.timeMs : entry.timeMs;
  const { commitEndsMs, voteEndsMs } = windowsFrom(release, timeMs);
  release.phase = 'committing';
  release.open = { index: entry.index, timeMs };
  release.commitEndsMs = commitEndsMs;
  release.voteEndsMs = voteEndsMs;
}

/** Closes a release. The whole vote window runs from here: a log that was down does not shorten it. */
export function applyClose(release: ReleaseState, entry: Entry): void {
  release.phase = 'voting';
  release.closeIndex = entry.index;
  release.voteEndsMs = entry.timeMs + release.predicate.voteSeconds * 1000;
}

/** What an entry about a release has as subject. */
export function subjectOf(release: ReleaseState): { name: string; sha256: string } {
  return { name: release.predicate.package, sha256: release.digest };
}

function isTimely(saidMs: number, receivedMs: number): boolean {
  return saidMs <= receivedMs && saidMs >= receivedMs - OWN_PLAY_MS;
}
