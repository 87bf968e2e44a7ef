import type { ReleaseView } from '../tally/index.ts';
import type { BuildRecord } from './record.ts';

/** What a builder has logged about a release. */
export interface OwnBallot {
  readonly commitment: string | undefined;
  readonly votedFor: string | undefined;
  readonly failed: boolean;
  /** Whether its commitment was not opened in time and may still be. */
  readonly mayOpenLate: boolean;
}

/** What to do next about one release. */
export type Act =
  | 'make'
  | 'commit'
  | 'tell-failure'
  | 'vote'
  /** The verdict came before it opened its commitment: it opens it now, to keep its tenure. */
  | 'open-late'
  | 'make-late'
  | 'vote-late'
  /** The commit window ended before this builder's commitment was in the log. */
  | 'missed'
  /** The log holds a commitment by this key that this builder's records do not know. */
  | 'contradiction'
  | 'nothing';

/**
 * Decides what to do next, from the count and the builder's own record alone, so that it is the same after a
 * restart. `commitment` is the one that the record's salt and infohash make.
 */
export function nextAct(
  release: Pick<ReleaseView, 'state'>,
  own: OwnBallot,
  record: BuildRecord | undefined,
  { commitment, makesLate }: { readonly commitment: string | undefined; readonly makesLate: boolean },
): Act {
  if (own.commitment !== undefined && own.commitment !== commitment) return 'contradiction';
  switch (release.state) {
    case 'announced':
    case 'committing':
      if (record === undefined) return 'make';
      if (release.state === 'announced') return 'nothing';
      if (record.kind === 'made') return own.commitment === undefined ? 'commit' : 'nothing';
      return record.kind === 'failed' && !own.failed ? 'tell-failure' : 'nothing';
    case 'voting':
    case 'provisional':
      if (own.commitment !== undefined) return own.votedFor === undefined ? 'vote' : 'nothing';
      if (record?.kind === 'made') return 'missed';
      if (record?.kind === 'late') return own.votedFor === undefined ? 'vote-late' : 'nothing';
      return makesLate ? 'make-late' : 'nothing';
    case 'final':
    case 'contested':
    case 'failed':
    case 'superseded':
    case 'taken down':
      return own.mayOpenLate && own.commitment !== undefined ? 'open-late' : 'nothing';
  }
}

/**
 * Whether to begin to seed an infohash: only after close, since seeding shows it; never after a takedown. Of a release that
 * was superseded only what votes have shown: it may have ended before its close, and its heir be open for commitments.
 */
export function mayShow(
  { state, groups }: Pick<ReleaseView, 'state' | 'groups'>,
  infoHashV2: string,
): boolean {
  if (state === 'superseded') return groups.some((group) => group.infoHashV2 === infoHashV2);
  return state !== 'announced' && state !== 'committing' && state !== 'taken down';
}

/** Whether something is still to be said about a release: it has no verdict, and nothing ended it. */
export function isRunning({ state }: Pick<ReleaseView, 'state'>): boolean {
  return ['announced', 'committing', 'voting', 'provisional'].includes(state);
}
