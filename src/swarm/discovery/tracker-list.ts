import type { PeerAddress, SwarmHash } from '../../wire/index.ts';
import type { SwarmError } from '../error.ts';
import { Announcer } from './announcer.ts';
import type { Announcement } from './tracker-client.ts';

export interface TrackerListParts {
  readonly localAddress: string | undefined;
  readonly state: () => Omit<Announcement, 'infoHash' | 'event'>;
  readonly onPeers: (peers: readonly PeerAddress[], identity: 'v1' | 'v2') => void;
  readonly onError: (error: SwarmError) => void;
}

/** Most trackers of one swarm. */
const MAXIMUM_TRACKERS = 50;

/** The trackers that a swarm is known to: each of them hears of each of its identities. */
export class TrackerList {
  readonly #parts: TrackerListParts;
  readonly #announcers = new Map<string, Announcer[]>();
  #isClosed = false;

  constructor(parts: TrackerListParts) {
    this.#parts = parts;
  }

  /** Adds trackers, and names under which all of them shall know the swarm, the v2 one first. */
  announce(urls: Iterable<string>, infoHashes: readonly SwarmHash[]): void {
    for (const url of new Set([...this.#announcers.keys(), ...urls])) {
      const announcers = this.#announcers.get(url) ?? [];
      if (this.#isClosed || !/^(https?|udp):/.test(url)) continue;
      if (!this.#announcers.has(url) && this.#announcers.size >= MAXIMUM_TRACKERS) return;
      this.#announcers.set(url, announcers);
      for (const [at, infoHash] of infoHashes.entries()) {
        announcers[at] ??= this.#start(url, infoHash, at === 0 ? 'v2' : 'v1');
      }
    }
  }

  /** Tells all of them that the download is complete. */
  complete(): void {
    for (const announcer of this.#all) announcer.complete();
  }

  /** Says goodbye to all of them. Never rejects. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#all.map((announcer) => announcer.stop()));
  }

  get #all(): readonly Announcer[] {
    return [...this.#announcers.values()].flat();
  }

  #start(url: string, infoHash: SwarmHash, identity: 'v1' | 'v2'): Announcer {
    const { localAddress, state, onPeers, onError } = this.#parts;
    return new Announcer({
      url,
      infoHash,
      localAddress,
      state,
      onPeers: (peers) => onPeers(peers, identity),
      onError,
    });
  }
}
