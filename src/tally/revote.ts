import { dropCharge } from './charges.ts';
import { layOut } from './lay-out.ts';
import { markDirty, wantState } from './light-state.ts';
import { hasName, shownBy } from './names.ts';
import { type Refusal, refuse } from './refusal.ts';
import { BOUNDS, type Entry, type ReleaseState, type Tally } from './state.ts';
import { isByFounders } from './turn-signers.ts';
import { neverOpens } from './windows.ts';

/**
 * Founders may ask again once there is a verdict, as many as sign a policy; and about a release that was taken down or
 * superseded, while no other has its name.
 */
export function judgeRevote(
  tally: Tally,
  release: ReleaseState,
  signers: readonly string[],
  timeMs: number,
): Refusal | undefined {
  if (!isByFounders(tally, signers, timeMs)) {
    return refuse('wrong-signer', 'a revote is asked for by as many founders as sign a policy');
  }
  const { ended, verdict, round } = release;
  const mayStandAgain = ended !== undefined && hasName(tally, release);
  const never = mayStandAgain ? undefined : neverOpens(release);
  if (never !== undefined) return never;
  if (ended === undefined && verdict === undefined)
    return refuse('too-early', 'this release has no verdict yet');
  if (round < BOUNDS.rounds) return undefined;
  return refuse('taken', `this release was asked about ${round + 1} times: release it anew`);
}

/**
 * Starts the next round of a release: a fresh panel, fresh windows, and the rules of today. What was decided stays
 * in the record, and moved the reputations that it moved; until the new verdict the release stands for no infohash.
 * That holds for one that was taken down too: that founders lift the takedown says that it may be asked about, not
 * that an earlier winner is good; whoever took it down may have known something.
 */
export function applyRevote(tally: Tally, release: ReleaseState, entry: Entry): void {
  const { verdict, ended } = release;
  if (verdict !== undefined) release.earlier.push(verdict);
  if (ended !== undefined) release.lifted = { ending: ended, index: entry.index };
  release.ended = undefined;
  release.verdict = undefined;
  release.round += 1;
  release.open = undefined;
  release.closeIndex = undefined;
  // What it decided is in doubt: who has not opened its commitment to it is not judged by it any more.
  for (const key of release.ballots.keys()) dropCharge(tally, key, release.digest);
  release.ballots.clear();
  release.openedLate = undefined;
  release.shown = shownBy(release);
  release.said.clear();
  release.committed = 0;
  const { revotes } = tally.light;
  revotes.set(release.digest, [...(revotes.get(release.digest) ?? []), entry.index]);
  wantState(tally);
  markDirty(tally, `release:${release.digest}`);
  layOut(tally, release, entry);
}
