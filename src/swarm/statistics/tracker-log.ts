/** How a tracker did when it was asked last. Its path, which may hold a secret, is never told. */
export interface TrackerStatistics {
  /** Host and port. */
  readonly host: string;
  /** Under which of a hybrid's names. */
  readonly identity: 'v1' | 'v2';
  /** When it answered last, in milliseconds since 1970. */
  readonly answeredMs: number | undefined;
  /** How many peers that answer held. */
  readonly peers: number | undefined;
  /** When it, or another one of its tiers, is asked next. */
  readonly nextMs: number | undefined;
  /** Why it did not answer the last time; the host's name is in it, and text of the tracker: escape it for HTML. */
  readonly error: string | undefined;
}

/** Most trackers that are remembered; a swarm asks no more than that. */
const MOST_TRACKERS = 128;

/** What became of a swarm's announces, by tracker and name. */
export class TrackerLog {
  readonly #entries = new Map<string, TrackerStatistics>();

  get entries(): readonly TrackerStatistics[] {
    return [...this.#entries.values()];
  }

  /** An announce ended: with so many peers, or with an error. */
  note(
    tracker: Pick<TrackerStatistics, 'host' | 'identity'>,
    outcome: { readonly peers: number } | { readonly error: string },
    nextInMs: number,
  ): void {
    const key = `${tracker.identity} ${tracker.host}`;
    const earlier = this.#entries.get(key);
    if (!earlier && this.#entries.size >= MOST_TRACKERS) return;
    const isAnswer = 'peers' in outcome;
    this.#entries.set(key, {
      ...tracker,
      answeredMs: isAnswer ? Date.now() : earlier?.answeredMs,
      peers: isAnswer ? outcome.peers : earlier?.peers,
      nextMs: Date.now() + nextInMs,
      error: isAnswer ? undefined : outcome.error,
    });
  }
}
