import type { Metainfo } from '../../torrent/index.ts';
import type { PeerAddress } from '../../wire/index.ts';
import { mustBeWithin, type Reach } from '../connection/address-policy.ts';
import { Dialer, type DialerParts } from '../connection/dialer.ts';
import type { Peer } from '../connection/peer.ts';
import type { Candidate } from '../connection/peer-book.ts';
import { SwarmError } from '../error.ts';
import type { TorrentSource } from '../source.ts';
import type { TrackerLog } from '../statistics/tracker-log.ts';
import { Announcing, type AnnouncingParts } from './announcing.ts';
import { ownReach } from './own-reach.ts';
import { chainsOf } from './tracker-tiers.ts';

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

/**
 * A way in which a swarm finds peers: its trackers, the DHT, or connecting to addresses that it was told. Where all are
 * stopped, peers may still connect to it.
 */
export type DiscoverySource = 'trackers' | 'dht' | 'addresses';

export interface DiscoveryParts extends Omit<AnnouncingParts, 'onPeers'> {
  readonly dialer: Omit<DialerParts, 'services'>;
}

/** How one swarm finds its peers and is found: by trackers, the DHT, and addresses that it is given. */
export class Discovery {
  readonly #parts: DiscoveryParts;
  readonly #dialer: Dialer;
  readonly #announcing: Announcing;
  /** Outgoing connections by the address book's entries. */
  readonly #dialled = new Map<Peer, Candidate>();
  /** Addresses that led to somebody who is connected otherwise, by that other connection. */
  readonly #twins = new Map<Peer, Candidate>();
  #dialsNobody = false;

  constructor(parts: DiscoveryParts) {
    this.#parts = parts;
    this.#dialer = new Dialer({ ...parts.dialer, services: parts.services });
    this.#announcing = new Announcing({
      ...parts,
      onPeers: (peers, identity) => this.#dialer.add(peers, identity, 'public'), // judged by where the tracker stands
    });
  }

  /** What became of announces, for statistics. */
  get trackers(): TrackerLog {
    return this.#announcing.trackers;
  }

  /** Begins to look for peers, and goes on until the swarm is closed. */
  begin(where: DiscoverOptions, source: TorrentSource): void {
    const reach = ownReach(this.#parts.services);
    const tiers = 'trackerTiers' in source ? source.trackerTiers : source.trackers.map((url) => [url]);
    const { announceTo } = this.#parts.services.options;
    const carried = { tiers: where.sourceTrackers ? tiers : [], reach };
    if ('isPrivate' in source) this.#announcing.isPrivate = source.isPrivate;
    this.#announcing.begin(chainsOf(where.trackers ?? [], carried, announceTo));
    this.add(where.peers ?? [], 'v2', 'named');
    if (where.sourcePeers && 'peers' in source) this.add(source.peers, 'v2', reach);
  }

  /**
   * The torrent became known: it is announced under its v1 infohash too, which a v2 magnet link does not tell, and
   * leaves the DHT when it is private (BEP 27).
   */
  know({ isPrivate }: Metainfo): void {
    this.#announcing.know(isPrivate);
  }

  /** The download is complete. */
  complete(): void {
    this.#announcing.complete();
  }

  /** Notes where peers may be, told by somebody who may lead us so near; they are connected to as there is room. */
  add(addresses: Iterable<PeerAddress>, identity: 'v1' | 'v2', reach: Reach): void {
    if (this.#dialsNobody) return;
    const usable: PeerAddress[] = [];
    for (const address of addresses) {
      try {
        mustBeWithin(address, reach);
        usable.push(address);
      } catch (refused) {
        this.#parts.onTrouble(refused as SwarmError);
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
    const port = this.#parts.services.discovery.dhtPort;
    if (peer.remote.dht && port > 0 && this.#announcing.isInDht) peer.send({ type: 'port', port });
  }

  /** A peer told where it is in the DHT. */
  onDhtPort(peer: Peer, port: number): void {
    if (this.#announcing.isInDht) this.#parts.services.discovery.meetNode({ host: peer.address.host, port });
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

  /** Finds no more peers in these ways; trackers that know us hear a goodbye. Never rejects. */
  async stop(sources: ReadonlySet<DiscoverySource>): Promise<void> {
    if (sources.has('addresses'))
      this.#stopDialling(new SwarmError('closed', 'the swarm connects to nobody'));
    if (sources.has('dht')) this.#announcing.leaveDht();
    if (sources.has('trackers')) await this.#announcing.leaveTrackers();
  }

  /** Ends what is being dialled, and says goodbye to trackers. Never rejects. */
  async close(reason: SwarmError): Promise<void> {
    this.#stopDialling(reason);
    await this.#announcing.close();
  }

  #stopDialling(reason: SwarmError): void {
    this.#dialsNobody = true;
    this.#dialer.close(reason);
  }
}
