import { makeStatement, type StatementOf } from '../statement/browser.ts';
import { closeDueMs } from './early.ts';
import { awaitHalfTime } from './half-time.ts';
import { drawPanel } from './lot.ts';
import { isWitnessed, judgeSeed, type LotSeed } from './lot-seed.ts';
import { type Refusal, refuse } from './refusal.ts';
import { endedBefore } from './release-state.ts';
import type { Entry, ReleaseState, Tally } from './state.ts';

/** How long before its receipt time the log may have made an entry of its own. */
const OWN_PLAY_MS = 60_000;

/** The windows of a release that opens at a time. */
function windowsFrom(release: ReleaseState, timeMs: number): { commitEndsMs: number; voteEndsMs: number } {
  const { commitSeconds, voteSeconds } = release.predicate;
  const commitEndsMs = timeMs + commitSeconds * 1000;
  return { commitEndsMs, voteEndsMs: commitEndsMs + voteSeconds * 1000 };
}

/** The `open` that the log owes a release: its panel, what that was drawn by, and both windows from `timeMs` on. */
export function openStatement(
  tally: Tally,
  release: ReleaseState,
  seed: LotSeed | null,
  timeMs: number,
): StatementOf<'open'> {
  return makeStatement('open', subjectOf(release), {
    origin: tally.context.origin,
    timeMs,
    release: release.digest,
    panel: panelBy(tally, release, seed),
    ...windowsFrom(release, timeMs),
    seed,
    round: release.round,
  });
}

/** The panel that an `open` with this seed draws. */
function panelBy(tally: Tally, release: ReleaseState, seed: LotSeed | null): string[] {
  if (seed === null || release.pool === undefined) return [...release.draw.panel];
  const drawn = { ...release, seed };
  drawPanel(tally, drawn);
  return [...drawn.draw.panel];
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
  const ended = endedBefore(release);
  if (ended !== undefined) return ended;
  if (release.rival) return refuse('taken', 'another release holds this name, so this one has no panel');
  return undefined;
}

export function judgeOpen(
  release: ReleaseState,
  statement: StatementOf<'open'>,
  place: Pick<Entry, 'index' | 'witnessed'>,
): Refusal | undefined {
  const never = neverOpens(release);
  if (never !== undefined) return never;
  if (release.phase !== 'announced') return refuse('duplicate', 'this release is open already');
  return judgeSeed(release.rules, release.place, statement, place);
}

export function judgeClose(release: ReleaseState, timeMs: number): Refusal | undefined {
  const ended = endedBefore(release);
  if (ended !== undefined) return ended;
  if (release.phase === 'announced') return refuse('too-early', 'this release is not open yet');
  if (release.phase !== 'committing') return refuse('duplicate', 'this release is closed already');
  if (timeMs < closeDueMs(release)) return refuse('too-early', 'its commit window has not ended');
  return undefined;
}

/** What an `open` says that the count does not confirm. */
export function faultOfOpen(
  tally: Tally,
  release: ReleaseState,
  { predicate }: StatementOf<'open'>,
  timeMs: number,
): string | undefined {
  if (!isTimely(predicate.timeMs, timeMs)) {
    return `open names the time ${predicate.timeMs}, and its receipt time is ${timeMs}`;
  }
  if (predicate.round !== release.round) {
    return `open is of round ${predicate.round}, and this is round ${release.round}`;
  }
  if (!isWitnessed(release) && predicate.seed !== null) {
    return 'open has a seed, and the policy names no witnesses';
  }
  // A count that was given the panel has it as half-time left it.
  const isGiven = tally.context.given?.has(release.digest) === true;
  if (!isGiven && predicate.panel.join() !== panelBy(tally, release, predicate.seed).join()) {
    return 'open names another panel than the lot drew';
  }
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
export function applyOpen(
  tally: Tally,
  release: ReleaseState,
  { predicate }: StatementOf<'open'>,
  entry: Entry,
): void {
  const timeMs = isTimely(predicate.timeMs, entry.timeMs) ? predicate.timeMs : entry.timeMs;
  const { commitEndsMs, voteEndsMs } = windowsFrom(release, timeMs);
  release.phase = 'committing';
  release.open = { index: entry.index, timeMs };
  release.commitEndsMs = commitEndsMs;
  release.voteEndsMs = voteEndsMs;
  if (isWitnessed(release)) {
    release.seed = predicate.seed;
    if (release.pool !== undefined) drawPanel(tally, release);
  }
  awaitHalfTime(tally, release);
}

/** Closes a release. The whole vote window runs from here: a log that was down does not shorten it. */
export function applyClose(release: ReleaseState, entry: Entry): void {
  release.phase = 'voting';
  release.pool = undefined;
  release.closeIndex = entry.index;
  release.voteEndsMs = entry.timeMs + release.predicate.voteSeconds * 1000;
}

/** What an entry about a release has as subject. */
export function subjectOf(release: ReleaseState): { name: string; sha256: string } {
  return { name: release.predicate.package, sha256: release.digest };
}

/** Whether the log may have made an entry of its own at a time that it was received at another. */
export function isTimely(saidMs: number, receivedMs: number): boolean {
  return saidMs <= receivedMs && saidMs >= receivedMs - OWN_PLAY_MS;
}
