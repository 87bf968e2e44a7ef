import type { StatementOf } from '../statement/browser.ts';
import { layOut } from './lay-out.ts';
import { markDirty, wantState } from './light-state.ts';
import { dropRival, giveName, hasName } from './names.ts';
import { type Refusal, refuse } from './refusal.ts';
import { endedBefore } from './release-state.ts';
import type { Entry, ReleaseState, Tally } from './state.ts';
import { isByFounders, isByPublisher, liftedBefore } from './turn-signers.ts';

/**
 * A publisher names the later release that takes an older one's place. With a release of the same name it may do
 * so while nobody has shown a build of the old one, or after it failed: a name that has its verdict is not given
 * to other bytes. One that founders let stand again they must sign for too.
 */
export function judgeSupersede(
  tally: Tally,
  release: ReleaseState,
  { predicate }: StatementOf<'supersede'>,
  signers: readonly string[],
  timeMs: number,
): Refusal | undefined {
  if (!isByPublisher(tally, release, signers, timeMs)) {
    return refuse('wrong-signer', 'a release is superseded by who may publish its name, and nobody else');
  }
  const ended = endedBefore(release);
  if (ended !== undefined) return ended;
  const lifted = isByFounders(tally, signers, timeMs) ? undefined : liftedBefore(release);
  if (lifted !== undefined) return lifted;
  const heir = tally.releases.get(predicate.by);
  if (heir === undefined) return refuse('unknown-release', `release ${predicate.by} is not in this log`);
  if (!heir.authorised || heir.ended !== undefined || heir.index <= release.index) {
    return refuse(
      'wrong-content',
      `release ${predicate.by} cannot take its place: name a later one that stands`,
    );
  }
  if (heir.predicate.package !== release.predicate.package) return undefined;
  const isOpenStill = ['announced', 'committing', 'failed'].includes(release.phase) && release.round === 0;
  if (release.rival || !hasName(tally, release) || isOpenStill) return undefined;
  return refuse(
    'taken',
    'this name has votes or a verdict: release another version, or have the founders ask for a revote or a takedown',
  );
}

/** Ends a release in favour of another; a rival that takes the place of the live one is opened. */
export function applySupersede(
  tally: Tally,
  release: ReleaseState,
  { predicate }: StatementOf<'supersede'>,
  entry: Entry,
): void {
  const heir = tally.releases.get(predicate.by);
  release.ended = { kind: 'superseded', index: entry.index, reason: predicate.reason, by: predicate.by };
  tally.unfinished.delete(release.digest);
  markDirty(tally, `release:${release.digest}`);
  wantState(tally);
  if (release.rival) dropRival(tally, release);
  else if (heir?.rival === true && heir.predicate.package === release.predicate.package) {
    giveName(tally, heir);
    heir.rival = false;
    layOut(tally, heir, entry);
  }
}
