import { type BuilderStanding, builderStanding } from './builder-standing.ts';
import { chargesOf } from './charges.ts';
import { isFounder } from './membership.ts';
import type { BuilderState, Tally } from './state.ts';
import { hasWeight, isCounted } from './weight.ts';

/** One registered builder as people and the API see it; plain JSON. */
export interface BuilderView {
  /** Its identity: its first public key, hex. */
  readonly key: string;
  /** The key that signs for it now. */
  readonly currentKey: string;
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
  readonly standing: BuilderStanding;
  /** What it has shown since its tenure began, or began again. */
  readonly tenure: {
    readonly sinceMs?: number;
    readonly activeDays: number;
    readonly builds: number;
    readonly canaries: number;
  };
  /** Canaries that the lot gave it: matched, diverged, not committed to. */
  readonly canaries: { readonly passed: number; readonly failed: number; readonly missed: number };
  /** Commitments that it did not open in time and may still open, by digest of the release or canary. */
  readonly unopened: readonly {
    readonly release: string;
    readonly package: string;
    /** The commitment's entry. */
    readonly index: number;
    /** From then on it is a divergence. */
    readonly dueMs: number;
  }[];
  /** Since when it is a founder or admitted. */
  readonly memberSinceMs?: number;
  /** The last divergence: where, on what, and why as the end of a sentence. */
  readonly diverged?: {
    readonly index: number;
    readonly timeMs: number;
    readonly release: string;
    readonly why: string;
  };
}

/** All registered builders, the longest registered first. */
export function builderViews(tally: Tally): BuilderView[] {
  return [...tally.builders.values()].map((state) => viewOf(tally, state));
}

/** One builder by its identity. */
export function builderView(tally: Tally, key: string): BuilderView | undefined {
  const state = tally.builders.get(key);
  return state && viewOf(tally, state);
}

function viewOf(tally: Tally, state: BuilderState): BuilderView {
  const { predicate, life } = state;
  const { since, activeDays, builds, canaries } = life.tenure;
  return {
    key: state.key,
    currentKey: life.currentKey,
    vkey: predicate.vkey,
    operator: predicate.operator,
    platforms: predicate.platforms,
    prefixes: predicate.prefixes,
    announceDigest: predicate.announceDigest,
    founder: isFounder(tally, state.key),
    registeredIndex: state.registeredIndex,
    registeredMs: state.registeredMs,
    updatedIndex: state.updatedIndex,
    record: { ...state.record },
    standing: builderStanding(tally, state),
    tenure: { ...(since && { sinceMs: since.timeMs }), activeDays, builds, canaries },
    canaries: { ...life.canaries },
    unopened: chargesOf(tally, state.key).map(({ release, package: packageUrl, index, dueMs }) => ({
      release,
      package: packageUrl,
      index,
      dueMs,
    })),
    ...(life.memberSince && { memberSinceMs: life.memberSince.timeMs }),
    ...(life.diverged && { diverged: life.diverged }),
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
