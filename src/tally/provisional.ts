import { weightLostAt } from './life.ts';
import { markDirty } from './light-state.ts';
import type { ReleaseState, Tally } from './state.ts';
import { isCounted } from './weight.ts';

/** What founders and elders agree on before the verdict of an urgent release. */
export interface Provisional {
  readonly infoHashV2: string;
  /** Founders and elders, one a cluster, whose votes count for it; sorted. */
  readonly builders: readonly string[];
}

/**
 * Whether an urgent release is provisional: after its commit window `urgent.provisionalClusters` clusters of
 * founders or elders, on the panel or not, have votes that count for one infohash, and no opened vote of any
 * of them, audited or not, names another. It ends with a vote that differs, and with the verdict at the latest.
 */
export function provisionalOf(tally: Tally, release: ReleaseState): Provisional | undefined {
  if (release.phase !== 'voting' || release.ended !== undefined || release.lane.length === 0)
    return undefined;
  const builders: string[] = [];
  let infoHashV2: string | undefined;
  for (const key of release.lane) {
    const ballot = release.ballots.get(key);
    if (ballot?.vote === undefined || ballot.commit === undefined) continue;
    if (ballot.equivocationIndex !== undefined) continue;
    if (weightLostAt(tally, key, release.place.index, Infinity) !== undefined) continue;
    infoHashV2 ??= ballot.vote.infoHashV2;
    if (ballot.vote.infoHashV2 !== infoHashV2) return undefined;
    if (isCounted(ballot)) builders.push(key);
  }
  if (infoHashV2 === undefined || builders.length < release.rules.urgent.provisionalClusters)
    return undefined;
  return { infoHashV2, builders };
}

/** Notes that such of these releases as are urgent may have become provisional, or ceased to be. */
export function touchProvisional(tally: Tally, releases: Iterable<string>): void {
  for (const digest of releases) {
    if (tally.releases.get(digest)?.lane.length) markDirty(tally, `release:${digest}`);
  }
}
