import type { Ballot, Poll, Tally } from './state.ts';
import { hasWeight } from './weight.ts';

/** Two different statements where one may be made, with the indices of the entries that prove it. */
interface SaidTwice {
  readonly what: 'commitments' | 'votes';
  readonly entries: readonly [number, number];
}

/** A builder that counts and contradicted itself about a release or canary, which is named by its digest. */
export interface Contradiction extends SaidTwice {
  readonly about: string;
  readonly builder: string;
}

/** What a ballot holds twice. */
export function saidTwice({ commit, vote, equivocationIndex }: Ballot): SaidTwice | undefined {
  const first = vote ?? commit;
  if (equivocationIndex === undefined || first === undefined) return undefined;
  return { what: vote === undefined ? 'commitments' : 'votes', entries: [first.index, equivocationIndex] };
}

/**
 * Contradictions about releases and canaries that are not decided yet, by those whose word would have counted there: what
 * others say twice is nobody's loss.
 */
export function* contradictions(tally: Tally): Generator<Contradiction> {
  for (const digest of tally.unfinished) {
    const release = tally.releases.get(digest);
    if (release !== undefined) yield* among(release, (key) => hasWeight(tally, release, key));
  }
  for (const digest of tally.openCanaries) {
    const canary = tally.canaries.get(digest);
    if (canary !== undefined) yield* among(canary, (key) => canary.members.includes(key));
  }
}

function* among(poll: Poll, counts: (builder: string) => boolean): Generator<Contradiction> {
  for (const [builder, ballot] of poll.ballots) {
    const twice = saidTwice(ballot);
    if (twice !== undefined && counts(builder)) yield { about: poll.digest, builder, ...twice };
  }
}
