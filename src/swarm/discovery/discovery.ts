import { isIP } from 'node:net';
import type { Metainfo } from '../../torrent/index.ts';
import type { PeerAddress } from '../../wire/index.ts';
import { mustBeWithin, type Reach, reachFrom } from '../connection/address-policy.ts';
import { Dialer, type DialerParts } from '../connection/dialer.ts';
import type { Peer } from '../connection/peer.ts';
import type { Candidate } from '../connection/peer-book.ts';
import type { SwarmError } from '../error.ts';
import { type Identity, swarmHashes } from '../identity.ts';
import type { EngineServices } from '../services.ts';
import type { TorrentSource } from '../source.ts';
import { TrackerLog } from '../statistics/tracker-log.ts';
import { Announcer, type AnnouncerOwner } from './announcer.ts';
import { DhtAnnouncer, type DhtAnnouncerOwner } from './dht-announcer.ts';
import type { DiscoveryHub } from './discovery-hub.ts';
import type { Announcement } from './tracker-client.ts';
import { chainsOf, type TrackerChain } from './tracker-tiers.ts';

/** Where a swarm looks for peers. Nothing is asked that is not said here. */
export interface DiscoverOptions {
  /**
   * HTTP and UDP trackers, wherever they stand. Each that stands alone is announced to; lists are the tiers of one
   * announce list, of which the engine's `announceTo` says which are announced to.
   */
  readonly trackers?: readonly (string | readonly string[])[];
  /** Announces to the trackers of the torrent or magnet link too, tier by tier. Default `false`. */
  readonly sourceTrackers?: boolean;
  /** Peers, wherever they stand. */
  readonly peers?: readonly PeerAddress[];
  /** Connects to the peers that the magnet link names (`x.pe`) too. Default `false`. */
  readonly sourcePeers?: boolean;
}

export interface DiscoveryParts {
  readonly services: EngineServices;
  readonly dialer: Omit<DialerParts, 'services'>;
  /** The names of the torrent that are known by now. */
  readonly identity: () => Identity;
  /** What trackers are told of the swarm's traffic. */
  readonly traffic: () => Pick<Announcement, 'uploadedBytes' | 'downloadedBytes' | 'leftBytes'>;
  readonly onTrouble: (error: SwarmError) => void;
}

/** How one swarm finds its peers and is found: by trackers, the DHT, and addresses that it is given. */
export class Discovery implements AnnouncerOwner, DhtAnnouncerOwner {
  readonly hub: DiscoveryHub;
  readonly trackers = new TrackerLog();
  readonly #parts: DiscoveryParts;
  readonly #dialer: Dialer;
  /** Outgoing connections by the address book's entries. */
  readonly #dialled = new Map<Peer, Candidate>();
  /** Addresses that led to somebody who is connected otherwise, by that other connection. */
  readonly #twins = new Map<Peer, Candidate>();
  #chains: readonly TrackerChain[] = [];
  /** By chain, then by name. */
  readonly #announcers = new Map<TrackerChain, Announcer[]>();
  readonly #dhtAnnouncers: DhtAnnouncer[] = [];
  #hasBegun = false;
  #isPrivate = false;
  #isClosed = false;

  constructor(parts: DiscoveryParts) {
    this.#parts = parts;
    this.hub = parts.services.discovery;
    this.#dialer = new Dialer({ ...parts.dialer, services: parts.services });
  }

  /** Begins to look for peers, and goes on until the swarm is closed. */
  begin(where: DiscoverOptions, source: TorrentSource): void {
    const reach = ownReach(this.#parts.services);
    const tiers = 'trackerTiers' in source ? source.trackerTiers : source.trackers.map((url) => [url]);
    const { announceTo } = this.#parts.services.options;
    const carried = { tiers: where.sourceTrackers ? tiers : [], reach };
    this.#chains = chainsOf(where.trackers ?? [], carried, announceTo);
    this.#hasBegun = true;
    if ('isPrivate' in source) this.#isPrivate = source.isPrivate;
    this.#announce();
    this.add(where.peers ?? [], 'v2', 'named');
    if (where.sourcePeers && 'peers' in source) this.add(source.peers, 'v2', reach);
  }

  /**
   * The torrent became known: it is announced under its v1 infohash too, which a v2 magnet link does not tell, and
   * leaves the DHT when it is private (BEP 27).
   */
  know({ isPrivate }: Metainfo): void {
    this.#isPrivate = isPrivate;
    if (isPrivate) for (const announcer of this.#dhtAnnouncers) announcer.stop();
    this.#announce();
  }

  /** The download is complete. */
  complete(): void {
    for (const announcer of this.#all) announcer.complete();
  }

  /** Notes where peers may be, told by somebody who may lead us so near; they are connected to as there is room. */
  add(addresses: Iterable<PeerAddress>, identity: 'v1' | 'v2', reach: Reach): void {
    if (this.#isClosed) return;
    const usable: PeerAddress[] = [];
    for (const address of addresses) {
      try {
        mustBeWithin(address, reach);
        usable.push(address);
      } catch (refused) {
        this.onTrouble(refused as SwarmError);
      }
    }
    this.#dialer.add(usable, identity, reach);
  }

  /** Somebody who was dialled shook hands. */
  met(peer: Peer, candidate: Candidate): void {
    this.#dialled.set(peer, candidate);
  }

  /** Tells a peer where we are in the DHT (BEP 5, "port" message), when both of us are. */
  greet(peer: Peer): void {
    const port = this.hub.dhtPort;
    if (peer.remote.dht && port > 0 && !this.#isPrivate) peer.send({ type: 'port', port });
  }

  /** A peer told where it is in the DHT. */
  onDhtPort(peer: Peer, port: number): void {
    if (!this.#isPrivate) this.hub.meetNode({ host: peer.address.host, port });
  }

  /** Of two connections to one peer one is given up: its address is tried again when the one that is kept ends. */
  twins(given: Peer, kept: Peer): void {
    const candidate = this.#dialled.get(given);
    if (candidate) this.#twins.set(kept, candidate);
  }

  /** A connection ended, whoever began it: there is room for another. */
  lost(peer: Peer, reason: SwarmError): void {
    const candidate = this.#dialled.get(peer);
    this.#dialled.delete(peer);
    if (candidate) {
      const wasUseful = peer.receivedBlockBytes > 0 || peer.sentBlockBytes > 0;
      this.#dialer.lost(candidate, { wasUseful, isUnneeded: reason.code === 'peer-not-needed' });
    }
    const twin = this.#twins.get(peer);
    this.#twins.delete(peer);
    if (twin) this.#dialer.again(twin);
    this.#dialer.connect();
  }

  isBanned(host: string): boolean {
    return this.#dialer.isBanned(host);
  }

  ban(host: string): void {
    this.#dialer.ban(host);
  }

  /** Ends what is being dialled, and says goodbye to trackers. Never rejects. */
  async close(reason: SwarmError): Promise<void> {
    this.#isClosed = true;
    this.#dialer.close(reason);
    for (const announcer of this.#dhtAnnouncers) announcer.stop();
    await Promise.all(this.#all.map((announcer) => announcer.stop()));
  }

  // From announcers:

  state(): Omit<Announcement, 'infoHash' | 'event'> {
    const { peerId, port, announceKey } = this.#parts.services;
    // Trackers refuse port 0; port 1 is what others tell too when they take nothing in.
    return { peerId, port: port() || 1, key: announceKey, ...this.#parts.traffic() };
  }

  onPeers(peers: readonly PeerAddress[], identity: 'v1' | 'v2'): void {
    if (!this.#isClosed) this.#dialer.add(peers, identity, 'public'); // judged by where the tracker stands
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
    this.#announceToDht();
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

  #announceToDht(): void {
    if (this.#isPrivate || !this.#parts.services.options.dht) return;
    for (const [at, infoHash] of swarmHashes(this.#parts.identity()).entries()) {
      if (this.#dhtAnnouncers[at]) continue;
      const announcer = new DhtAnnouncer(this, infoHash, at === 0 ? 'v2' : 'v1');
      this.#dhtAnnouncers.push(announcer);
      this.hub.scheduler.add(announcer, this.state().leftBytes > 0);
    }
  }
}

/**
 * How near to us what a torrent or magnet link names may lie, unless the user trusts it: an engine that goes out from, or is reached at, an address
 * of this machine or of a private network only has its peers there.
 */
export function ownReach({ options, port }: EngineServices): Reach {
  const { localAddress, host } = options;
  if (options.trustsSources) return 'named';
  if (localAddress !== undefined && isIP(localAddress) !== 0) return reachFrom(localAddress);
  return port() > 0 && isIP(host) !== 0 ? reachFrom(host) : 'public';
}
