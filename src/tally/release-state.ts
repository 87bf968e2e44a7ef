import { provisionalOf } from './provisional.ts';
import { type Refusal, refuse } from './refusal.ts';
import type { ReleaseStage, ReleaseState, Tally } from './state.ts';

/** Where a release stands, as people see it; docs/protocol.md says what each means. */
export type ReleasePhase = ReleaseStage | 'provisional' | 'superseded' | 'taken down';

/** The state of a release. What ended it stands before how far it had come; a rival of a live release is contested. */
export function stateOf(tally: Tally, release: ReleaseState): ReleasePhase {
  if (release.ended !== undefined) return release.ended.kind;
  if (release.rival) return 'contested';
  return provisionalOf(tally, release) === undefined ? release.phase : 'provisional';
}

/**
 * The infohash that a release stands for: its verdict's, also after a newer release superseded it. None after a
 * takedown, and none while a revote runs.
 */
export function winnerOf({ verdict, ended }: ReleaseState): string | null {
  return ended?.kind === 'taken down' ? null : (verdict?.outcome.infoHashV2 ?? null);
}

/** Why nothing more is asked or taken about a release, if something ended it. */
export function endedBefore({ ended }: ReleaseState): Refusal | undefined {
  if (ended === undefined) return undefined;
  const by = ended.by === undefined ? '' : ` by release ${ended.by}`;
  return refuse('too-late', `this release was ${ended.kind}${by} in entry ${ended.index}`);
}
