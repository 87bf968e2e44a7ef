import type { PeerAddress } from '../../wire/index.ts';
import type { SwarmError } from '../error.ts';
import { type Identity, swarmHashes } from '../identity.ts';
import type { EngineServices } from '../services.ts';
import { TrackerLog } from '../statistics/tracker-log.ts';
import { Announcer, type AnnouncerOwner } from './announcer.ts';
import { DhtAnnouncer, type DhtAnnouncerOwner } from './dht-announcer.ts';
import type { DiscoveryHub } from './discovery-hub.ts';
import type { Announcement } from './tracker-client.ts';
import type { TrackerChain } from './tracker-tiers.ts';

export interface AnnouncingParts {
  readonly services: EngineServices;
  /** The names of the torrent that are known by now. */
  readonly identity: () => Identity;
  /** What trackers are told of the swarm's traffic. */
  readonly traffic: () => Pick<Announcement, 'uploadedBytes' | 'downloadedBytes' | 'leftBytes'>;
  /** A tracker or the DHT named peers. */
  readonly onPeers: (peers: readonly PeerAddress[], identity: 'v1' | 'v2') => void;
  readonly onTrouble: (error: SwarmError) => void;
}

/** Announces one swarm under each of its names, to chains of trackers and, unless it is private (BEP 27), to the DHT. */
export class Announcing implements AnnouncerOwner, DhtAnnouncerOwner {
  readonly hub: DiscoveryHub;
  readonly trackers = new TrackerLog();
  isPrivate = false;
  readonly #parts: AnnouncingParts;
  #chains: readonly TrackerChain[] = [];
  /** By chain, then by name. */
  readonly #announcers = new Map<TrackerChain, Announcer[]>();
  readonly #dhtAnnouncers: DhtAnnouncer[] = [];
  #hasBegun = false;
  #isClosed = false;
  /** Once trackers are left. */
  #farewell: Promise<unknown> | undefined;
  #leftDht = false;

  constructor(parts: AnnouncingParts) {
    this.#parts = parts;
    this.hub = parts.services.discovery;
  }

  /** Begins to announce, and goes on until it is closed. */
  begin(chains: readonly TrackerChain[]): void {
    this.#chains = chains;
    this.#hasBegun = true;
    this.#announce();
  }

  /** The torrent became known, and with it perhaps another name; a private one leaves the DHT. */
  know(isPrivate: boolean): void {
    this.isPrivate = isPrivate;
    if (isPrivate) this.#endDht();
    this.#announce();
  }

  /** The download is complete. */
  complete(): void {
    for (const announcer of this.#all) announcer.complete();
  }

  /** Says goodbye to trackers, and announces to none from now on. Never rejects. */
  async leaveTrackers(): Promise<void> {
    this.#farewell ??= Promise.all(this.#all.map((announcer) => announcer.stop()));
    await this.#farewell;
  }

  /** Is not announced to the DHT any more, and looks for nobody there. */
  leaveDht(): void {
    this.#leftDht = true;
    this.#endDht();
  }

  /** Whether peers may hear of our place in the DHT, and we of theirs. */
  get isInDht(): boolean {
    return !this.isPrivate && !this.#leftDht;
  }

  /** Says goodbye to trackers. Never rejects. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#endDht();
    await this.leaveTrackers();
  }

  // From announcers:

  state(): Omit<Announcement, 'infoHash' | 'event'> {
    const { peerId, port, announceKey } = this.#parts.services;
    // Trackers refuse port 0; port 1 is what others tell too when they take nothing in.
    return { peerId, port: port() || 1, key: announceKey, ...this.#parts.traffic() };
  }

  onPeers(peers: readonly PeerAddress[], identity: 'v1' | 'v2'): void {
    if (!this.#isClosed) this.#parts.onPeers(peers, identity);
  }

  announcedPort(): number | undefined {
    return this.#parts.services.port() || undefined;
  }

  onTrouble(error: SwarmError): void {
    this.#parts.onTrouble(error);
  }

  get #all(): readonly Announcer[] {
    return [...this.#announcers.values()].flat();
  }

  #announce(): void {
    if (this.#isClosed || !this.#hasBegun) return;
    if (this.isInDht) this.#announceToDht();
    if (this.#farewell) return;
    for (const chain of this.#chains) {
      const announcers = this.#announcers.get(chain) ?? [];
      this.#announcers.set(chain, announcers);
      for (const [at, infoHash] of swarmHashes(this.#parts.identity()).entries()) {
        if (announcers[at]) continue;
        const announcer = new Announcer(this, chain, infoHash, at === 0 ? 'v2' : 'v1');
        announcers.push(announcer);
        this.hub.scheduler.add(announcer, this.state().leftBytes > 0);
      }
    }
  }

  #endDht(): void {
    for (const announcer of this.#dhtAnnouncers) announcer.stop();
  }

  #announceToDht(): void {
    if (!this.#parts.services.options.dht) return;
    for (const [at, infoHash] of swarmHashes(this.#parts.identity()).entries()) {
      if (this.#dhtAnnouncers[at]) continue;
      const announcer = new DhtAnnouncer(this, infoHash, at === 0 ? 'v2' : 'v1');
      this.#dhtAnnouncers.push(announcer);
      this.hub.scheduler.add(announcer, this.state().leftBytes > 0);
    }
  }
}
