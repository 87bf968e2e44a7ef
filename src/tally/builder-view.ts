import type { BuilderState, Tally } from './state.ts';
import { hasWeight, isCounted } from './weight.ts';

/** One registered builder as people and the API see it; plain JSON. */
export interface BuilderView {
  readonly key: string;
  readonly vkey: string;
  readonly operator: string;
  readonly platforms: readonly string[];
  readonly prefixes: readonly string[];
  /** SHA-256 of its announce token, hex: tells whose announce URL one is. */
  readonly announceDigest: string;
  /** Whether the policy in force names it a founder, and so eligible. */
  readonly founder: boolean;
  readonly registeredIndex: number;
  readonly registeredMs: number;
  readonly updatedIndex: number;
  /** Over releases with a verdict: votes for the winner, votes for another, commitments never opened, contradictions. */
  readonly record: {
    readonly matched: number;
    readonly dissented: number;
    readonly unopened: number;
    readonly equivocated: number;
  };
}

/** All registered builders, the longest registered first. */
export function builderViews(tally: Tally): BuilderView[] {
  const founders = new Set(tally.policy?.rules.founders);
  return [...tally.builders.values()].map((state) => viewOf(state, founders.has(state.key)));
}

function viewOf(state: BuilderState, founder: boolean): BuilderView {
  const { predicate } = state;
  return {
    key: state.key,
    vkey: predicate.vkey,
    operator: predicate.operator,
    platforms: predicate.platforms,
    prefixes: predicate.prefixes,
    announceDigest: predicate.announceDigest,
    founder,
    registeredIndex: state.registeredIndex,
    registeredMs: state.registeredMs,
    updatedIndex: state.updatedIndex,
    record: { ...state.record },
  };
}

/** The key of the builder that registered an announce digest (hex), if any. */
export function builderOfAnnounceDigest(tally: Tally, announceDigest: string): string | undefined {
  return tally.announceOwners.get(announceDigest);
}

/** A vote that waits for an audit. */
export interface UnauditedVote {
  readonly release: string;
  readonly key: string;
  readonly infoHashV2: string;
}

/** Votes of releases in their vote window that no audit has confirmed, a mirror's too. */
export function unauditedVotes(tally: Tally): UnauditedVote[] {
  const found: UnauditedVote[] = [];
  for (const digest of tally.unfinished) {
    const release = tally.releases.get(digest);
    if (release?.phase !== 'voting') continue;
    for (const [key, { vote, auditIndex }] of release.ballots) {
      if (vote !== undefined && auditIndex === undefined) {
        found.push({ release: digest, key, infoHashV2: vote.infoHashV2 });
      }
    }
  }
  return found;
}

/** Whether a builder's vote on a release counts: on the panel, committed, opened, audited, said once. */
export function countsOn(tally: Tally, digest: string, key: string): boolean {
  const release = tally.releases.get(digest);
  return release !== undefined && hasWeight(tally, release, key) && isCounted(release.ballots.get(key));
}

/** Whether an audit would make a builder's vote on a release count: on the panel, committed, opened, said once. */
export function wouldCount(tally: Tally, digest: string, key: string): boolean {
  const release = tally.releases.get(digest);
  const ballot = release?.ballots.get(key);
  return (
    release !== undefined &&
    hasWeight(tally, release, key) &&
    ballot?.commit !== undefined &&
    ballot.vote !== undefined &&
    ballot.equivocationIndex === undefined
  );
}

/** Whether an entry names the blob with this SHA-256 (hex): a recipe or a policy file. */
export function isNamedBlob(tally: Tally, sha256: string): boolean {
  return tally.blobs.has(sha256);
}
