/** A vote as audits need it. */
export interface Vote {
  readonly release: string;
  readonly builder: string;
  /** 64 hex digits. */
  readonly infoHashV2: string;
}

/** Votes of the log by builder and truncated infohash, and which of them an audit has passed. */
export class VoteIndex {
  readonly #byBuilder = new Map<string, Map<string, Vote[]>>();
  readonly #releases = new Map<string, Set<string>>();
  readonly #audited = new Map<string, Set<string>>();
  readonly #passed = new Set<string>();

  add(vote: Vote): void {
    const votes = this.#byBuilder.get(vote.builder) ?? new Map<string, Vote[]>();
    this.#byBuilder.set(vote.builder, votes);
    const truncated = vote.infoHashV2.slice(0, 40);
    const same = votes.get(truncated) ?? [];
    if (same.some((other) => other.release === vote.release && other.infoHashV2 === vote.infoHashV2)) return;
    votes.set(truncated, [...same, vote]);
    const voted = this.#releases.get(vote.release) ?? new Set<string>();
    this.#releases.set(vote.release, voted.add(vote.infoHashV2));
  }

  /** An audit that the log holds. */
  pass(vote: Vote): void {
    this.#passed.add(nameOf(vote));
    const builders = this.#audited.get(vote.infoHashV2) ?? new Set<string>();
    this.#audited.set(vote.infoHashV2, builders.add(vote.builder));
  }

  isPassed(vote: Vote): boolean {
    return this.#passed.has(nameOf(vote));
  }

  /** A builder's votes for a truncated infohash (40 hex digits). */
  of(builder: string, truncated: string): readonly Vote[] {
    return this.#byBuilder.get(builder)?.get(truncated) ?? [];
  }

  /** Whether an audit of a builder's seeding of an infohash (64 hex digits) is in the log. */
  isAudited(builder: string, infoHashV2: string): boolean {
    return this.#audited.get(infoHashV2)?.has(builder) ?? false;
  }

  /** Infohashes that were voted for, of one release. */
  infoHashesOf(release: string): Iterable<string> {
    return this.#releases.get(release) ?? [];
  }
}

function nameOf({ release, builder, infoHashV2 }: Vote): string {
  return `${release} ${builder} ${infoHashV2}`;
}
