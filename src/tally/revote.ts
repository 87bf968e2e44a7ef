import { dropCharge } from './charges.ts';
import { layOut } from './lay-out.ts';
import { markDirty, wantState } from './light-state.ts';
import { type Refusal, refuse } from './refusal.ts';
import { endedBefore } from './release-state.ts';
import { BOUNDS, type Entry, type ReleaseState, type Tally } from './state.ts';
import { isByFounders } from './takedown.ts';
import { neverOpens } from './windows.ts';

/** Founders may ask again once there is a verdict, as many as sign a policy. */
export function judgeRevote(
  tally: Tally,
  release: ReleaseState,
  signers: readonly string[],
  timeMs: number,
): Refusal | undefined {
  if (!isByFounders(tally, signers, timeMs)) {
    return refuse('wrong-signer', 'a revote is asked for by as many founders as sign a policy');
  }
  const never = endedBefore(release) ?? neverOpens(release);
  if (never !== undefined) return never;
  if (release.verdict === undefined) return refuse('too-early', 'this release has no verdict yet');
  if (release.earlier.length < BOUNDS.rounds) return undefined;
  return refuse('taken', `this release was voted on ${release.earlier.length + 1} times: release it anew`);
}

/**
 * Starts the next round of a release: a fresh panel, fresh windows, and the rules of today. What was decided stays
 * in the record, and moved the reputations that it moved; until the new verdict the release stands for no infohash.
 */
export function applyRevote(tally: Tally, release: ReleaseState, entry: Entry): void {
  const { verdict } = release;
  if (verdict === undefined) return;
  release.earlier.push(verdict);
  release.verdict = undefined;
  release.round += 1;
  release.open = undefined;
  release.closeIndex = undefined;
  // What it decided is in doubt: who has not opened its commitment to it is not judged by it any more.
  for (const key of release.ballots.keys()) dropCharge(tally, key, release.digest);
  release.ballots.clear();
  release.openedLate = undefined;
  release.said.clear();
  release.committed = 0;
  const { revotes } = tally.light;
  revotes.set(release.digest, [...(revotes.get(release.digest) ?? []), entry.index]);
  wantState(tally);
  markDirty(tally, `release:${release.digest}`);
  layOut(tally, release, entry);
}
