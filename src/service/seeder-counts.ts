import { toHex } from '../bytes/index.ts';
import type { SeedersEvent } from './events/event-hub.ts';
import type { AnnounceStore } from './tracker/announce-store.ts';
import type { VoteIndex } from './vote-index.ts';

/** Who seeds an infohash now. */
export interface Seeders {
  /** Clients that say so, each peer id once. Anybody can add to this number. */
  readonly live: number;
  /** Builders whose votes for it count, known by their own announce URL or by the proof of their key: a mirror is none. */
  readonly reputable: number;
}

export interface SeederCountsParts {
  readonly store: AnnounceStore;
  readonly votes: VoteIndex;
  /** Whether a builder's vote on a release counts. */
  readonly counts: (release: string, builder: string) => boolean;
  /** Changes of one infohash are told at most once in so many milliseconds. */
  readonly pauseMs: number;
  readonly tell: (event: SeedersEvent) => void;
}

/** Counts seeders of voted infohashes and tells changes, at most once in each pause. */
export class SeederCounts {
  readonly #store: AnnounceStore;
  readonly #votes: VoteIndex;
  readonly #counts: (release: string, builder: string) => boolean;
  readonly #tell: (event: SeedersEvent) => void;
  readonly #pauseMs: number;
  /** Infohashes with an event on its way; bounded by those that were voted for. */
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #told = new Map<string, Seeders>();
  /** What readers that come back are given, for one pause; what is told meanwhile is in it. */
  #present: Map<string, SeedersEvent> | undefined;

  constructor({ store, votes, counts, pauseMs, tell }: SeederCountsParts) {
    this.#store = store;
    this.#votes = votes;
    this.#counts = counts;
    this.#pauseMs = pauseMs;
    this.#tell = tell;
  }

  /** @param infoHashV2 64 hex digits */
  of(infoHashV2: string): Seeders {
    const clients = new Set<string>();
    const builders = new Set<string>();
    for (const peer of this.#store.seeding(infoHashV2.slice(0, 40))) {
      clients.add(toHex(peer.peerId));
      if (peer.builder !== null && this.#isReputable(peer.builder, infoHashV2)) builders.add(peer.builder);
    }
    return { live: clients.size, reputable: builders.size };
  }

  #isReputable(builder: string, infoHashV2: string): boolean {
    return this.#votes.auditedFor(builder, infoHashV2).some((release) => this.#counts(release, builder));
  }

  /** Counts of every infohash that anybody seeds, at most a pause old but for changes that were not told yet. */
  all(): Iterable<SeedersEvent> {
    this.#present ??= this.#count();
    return this.#present.values();
  }

  #count(): Map<string, SeedersEvent> {
    const present = new Map<string, SeedersEvent>();
    for (const infoHashV2 of this.#votes.infoHashes()) {
      const seeders = this.of(infoHashV2);
      if (seeders.live > 0) present.set(infoHashV2, { infoHashV2, ...seeders });
    }
    setTimeout(() => {
      this.#present = undefined;
    }, this.#pauseMs).unref();
    return present;
  }

  /** Takes note that a swarm's seeders may have changed (40 hex digits). */
  changed(truncated: string): void {
    for (const infoHashV2 of this.#votes.wholesOf(truncated)) this.#tellSoon(infoHashV2);
  }

  #tellSoon(infoHashV2: string): void {
    if (this.#timers.has(infoHashV2)) return;
    const timer = setTimeout(() => {
      this.#timers.delete(infoHashV2);
      this.#tellIfChanged(infoHashV2);
    }, this.#pauseMs);
    timer.unref();
    this.#timers.set(infoHashV2, timer);
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  #tellIfChanged(infoHashV2: string): void {
    const now = this.of(infoHashV2);
    const before = this.#told.get(infoHashV2);
    if (before?.live === now.live && before.reputable === now.reputable) return;
    this.#told.set(infoHashV2, now);
    const event = { infoHashV2, ...now };
    this.#present?.set(infoHashV2, event);
    this.#tell(event);
  }
}
