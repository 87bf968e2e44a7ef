import type { StatementOf } from '../statement/browser.ts';
import { layOut } from './lay-out.ts';
import { markDirty, wantState } from './light-state.ts';
import { dropRival, giveName, hasName, onlyRival } from './names.ts';
import { type Refusal, refuse } from './refusal.ts';
import type { Entry, ReleaseState, Tally } from './state.ts';
import { isByFounders, isByPublisher, liftedBefore } from './turn-signers.ts';

/**
 * A takedown is signed by who may publish the release's name, at once and alone, or by as many founders as sign a
 * policy. Of a release that founders let stand again by theirs alone: a stolen publisher's key cannot deny it twice.
 */
export function judgeTakedown(
  tally: Tally,
  release: ReleaseState,
  signers: readonly string[],
  timeMs: number,
): Refusal | undefined {
  if (release.ended?.kind === 'taken down') {
    return refuse('duplicate', `this release was taken down in entry ${release.ended.index}`);
  }
  if (isByFounders(tally, signers, timeMs)) return undefined;
  if (isByPublisher(tally, release, signers, timeMs)) return liftedBefore(release);
  return refuse(
    'wrong-signer',
    'a release is taken down by its publisher, or by as many founders as sign a policy',
  );
}

/**
 * Ends a release: nobody should download it any more, and it stands for no infohash. Its name stays with it, so
 * that a stolen publisher's key cannot put other bytes in its place, and founders may ask for a revote of it. Two
 * ways out of a contested name remain: without its last rival the name is its holder's again; and where founders take
 * the holder down, the only rival has the name and is opened.
 */
export function applyTakedown(
  tally: Tally,
  release: ReleaseState,
  { predicate }: StatementOf<'takedown'>,
  entry: Entry,
): void {
  release.ended = { kind: 'taken down', index: entry.index, reason: predicate.reason, by: undefined };
  tally.unfinished.delete(release.digest);
  markDirty(tally, `release:${release.digest}`);
  wantState(tally);
  if (release.rival) {
    dropRival(tally, release);
    return;
  }
  const rival = onlyRival(tally, release);
  if (rival === undefined || !hasName(tally, release) || !isByFounders(tally, entry.signers, entry.timeMs))
    return;
  giveName(tally, rival);
  rival.rival = false;
  layOut(tally, rival, entry);
}
