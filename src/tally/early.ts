import { floorsOf } from './releases.ts';
import type { Ballot, ReleaseState } from './state.ts';

/**
 * When the commit window may be closed. Under `windows.endEarly` that is the policy's floor once every seat has
 * committed or reported a failure: nothing that counts can still come. Else it is the window's end.
 */
export function closeDueMs(release: ReleaseState): number {
  const { endEarly } = release.rules.windows;
  const { commitFloorSeconds } = floorsOf(release.rules, release.predicate);
  if (!endEarly || release.open === undefined || !everySeat(release, hasSpoken)) return release.commitEndsMs;
  return Math.min(release.commitEndsMs, release.open.timeMs + commitFloorSeconds * 1000);
}

/**
 * When the verdict may be given. Under `windows.endEarly` that is the policy's floor once every commitment was
 * opened and audited: the count can only change by an equivocation. Else it is the window's end.
 */
export function verdictDueMs(release: ReleaseState): number {
  const { endEarly } = release.rules.windows;
  const { voteFloorSeconds } = floorsOf(release.rules, release.predicate);
  if (!endEarly || !everySeat(release, isSettled)) return release.voteEndsMs;
  const closedMs = release.voteEndsMs - release.predicate.voteSeconds * 1000;
  return Math.min(release.voteEndsMs, closedMs + voteFloorSeconds * 1000);
}

function everySeat(release: ReleaseState, test: (ballot: Ballot | undefined) => boolean): boolean {
  return release.draw.panel.every((key) => test(release.ballots.get(key)));
}

function hasSpoken(ballot: Ballot | undefined): boolean {
  return ballot?.commit !== undefined || ballot?.failure !== undefined;
}

function isSettled(ballot: Ballot | undefined): boolean {
  if (ballot?.commit === undefined || ballot.equivocationIndex !== undefined) return true;
  return ballot.vote !== undefined && ballot.auditIndex !== undefined;
}
