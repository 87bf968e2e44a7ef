/** A vote as audits need it. */
export interface Vote {
  readonly release: string;
  readonly builder: string;
  /** 64 hex digits. */
  readonly infoHashV2: string;
}

/** Infohashes with one truncated form that are told apart before an audit has confirmed one. */
const UNAUDITED_WHOLES = 4;
const NONE: ReadonlySet<string> = new Set();

/** Votes of the log: which of them wait for an audit, and which infohashes they name. */
export class VoteIndex {
  /** Votes that an audit may still confirm, by builder and truncated infohash. */
  readonly #waiting = new Map<string, Vote[]>();
  /** Names in {@link #waiting}, by release. */
  readonly #ofRelease = new Map<string, Set<string>>();
  /** Releases for which a builder's seeding was audited, by infohash and builder. */
  readonly #audited = new Map<string, Map<string, string[]>>();
  /** Voted infohashes by their truncated form: those that an audit confirmed, and the first few others. */
  readonly #wholes = new Map<string, Set<string>>();

  /** A vote that the log holds. */
  add(vote: Vote): void {
    const truncated = vote.infoHashV2.slice(0, 40);
    if (this.wholesOf(truncated).size < UNAUDITED_WHOLES) this.#know(vote.infoHashV2);
    const name = nameOf(vote.builder, truncated);
    const same = (this.#waiting.get(name) ?? []).filter(({ release }) => release !== vote.release);
    this.#waiting.set(name, [...same, vote]);
    const names = this.#ofRelease.get(vote.release) ?? new Set<string>();
    this.#ofRelease.set(vote.release, names.add(name));
  }

  /** An audit that the log holds. */
  pass(vote: Vote): void {
    this.#know(vote.infoHashV2);
    const builders = this.#audited.get(vote.infoHashV2) ?? new Map<string, string[]>();
    builders.set(vote.builder, [...(builders.get(vote.builder) ?? []), vote.release]);
    this.#audited.set(vote.infoHashV2, builders);
    this.#forget(nameOf(vote.builder, vote.infoHashV2.slice(0, 40)), vote.release);
  }

  /** A verdict that the log holds: what waited for an audit of that release waits no longer. */
  settle(release: string): void {
    for (const name of this.#ofRelease.get(release) ?? []) this.#forget(name, release);
    this.#ofRelease.delete(release);
  }

  /** A builder's votes for a truncated infohash (40 hex digits) that wait for an audit. */
  waiting(builder: string, truncated: string): readonly Vote[] {
    return this.#waiting.get(nameOf(builder, truncated)) ?? [];
  }

  /**
   * The voted infohashes (64 hex digits) that a truncated one (40) may stand for. Nobody can make two torrents with one
   * truncated infohash, but a vote may name any digits.
   */
  wholesOf(truncated: string): ReadonlySet<string> {
    return this.#wholes.get(truncated) ?? NONE;
  }

  /** Every infohash of {@link wholesOf}. */
  *infoHashes(): Generator<string> {
    for (const wholes of this.#wholes.values()) yield* wholes;
  }

  /** Whether an audit of a builder's seeding of an infohash (64 hex digits) is in the log. */
  isAudited(builder: string, infoHashV2: string): boolean {
    return this.#audited.get(infoHashV2)?.has(builder) ?? false;
  }

  /** Releases for which an audit of a builder's seeding of an infohash (64 hex digits) is in the log. */
  auditedFor(builder: string, infoHashV2: string): readonly string[] {
    return this.#audited.get(infoHashV2)?.get(builder) ?? [];
  }

  /** Every infohash (64 hex digits) that an audit has confirmed. */
  audited(): Iterable<string> {
    return this.#audited.keys();
  }

  #know(infoHashV2: string): void {
    const truncated = infoHashV2.slice(0, 40);
    this.#wholes.set(truncated, new Set(this.wholesOf(truncated)).add(infoHashV2));
  }

  #forget(name: string, release: string): void {
    const left = (this.#waiting.get(name) ?? []).filter((vote) => vote.release !== release);
    if (left.length === 0) this.#waiting.delete(name);
    else this.#waiting.set(name, left);
  }
}

function nameOf(builder: string, truncated: string): string {
  return `${builder} ${truncated}`;
}
