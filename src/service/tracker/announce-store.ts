import { equalBytes, type InfoHashV2, type PeerId, toHex, truncateInfoHash } from '../../bytes/index.ts';
import { type AddressBytes, addressGroup } from '../address.ts';
import type { TrackerLimits } from '../limits.ts';
import type { Random } from '../random.ts';
import { Quotas } from './quotas.ts';
import { endpointOf, type Peer, type SwarmCounts, SwarmPeers } from './swarm-peers.ts';

/** One announce as the store takes it: checked, its address taken from the connection. */
export interface Announce {
  /** The 20 bytes of `info_hash` in hexadecimal: a truncated v2 or a v1 infohash. */
  readonly infoHash: string;
  readonly address: AddressBytes;
  readonly port: number;
  readonly peerId: PeerId;
  readonly clientKey: string;
  readonly seeding: boolean;
  readonly event: 'started' | 'stopped' | 'completed' | 'paused' | null;
  /** How many peers the answer may hold; cut to the limit. */
  readonly wanted: number;
  /** The builder whose own announce URL this is, else null. */
  readonly builder: string | null;
  /** Whether an audit of that builder for this infohash is in the log. */
  readonly audited: boolean;
  readonly timeMs: number;
}

/** What an announce is answered with. */
export interface Announced {
  readonly counts: SwarmCounts;
  readonly peers: readonly Peer[];
  /** Why the peer was not taken in, although it gets an answer; null when it was. */
  readonly refused: string | null;
}

const NO_COUNTS: SwarmCounts = { complete: 0, incomplete: 0, downloaded: 0 };

/**
 * Who announced what, in memory and within bounds. A hybrid's v1 and truncated v2 infohash are one swarm once
 * {@link AnnounceStore.join} has tied them. Swarms that a vote names, and seeders of audited builders, always get
 * a place: their number is bounded by the log. All others share what {@link TrackerLimits} gives.
 */
export class AnnounceStore {
  readonly #limits: TrackerLimits;
  readonly #random: Random;
  readonly #changed: (infoHash: string) => void;
  readonly #swarms = new Map<string, SwarmPeers>();
  /** Infohashes that votes name, truncated. */
  readonly #voted = new Set<string>();
  /** The truncated v2 infohash of a v1 one. */
  readonly #joined = new Map<string, string>();
  readonly #quotas: Quotas;

  /** `changed` is called with the swarm's infohash whenever its seeders may have changed. */
  constructor(limits: TrackerLimits, random: Random, changed: (infoHash: string) => void) {
    this.#limits = limits;
    this.#quotas = new Quotas(limits);
    this.#random = random;
    this.#changed = changed;
  }

  /** How much is held; each figure stays within its limit. */
  get size(): { swarms: number; peers: number; addresses: number } {
    const { peers, addresses } = this.#quotas;
    return { swarms: this.#swarms.size, peers, addresses };
  }

  /** Gives the swarm of a vote's infohash a place that no limit takes. */
  welcome(infoHash: InfoHashV2): void {
    const name = toHex(truncateInfoHash(infoHash));
    this.#voted.add(name);
    this.#quotas.endStrange(name);
  }

  /** Makes the v1 infohash of a hybrid another name of its v2 swarm (BEP 52, "upgrade path"). */
  join(infoHashV1: string, infoHash: InfoHashV2): void {
    const name = toHex(truncateInfoHash(infoHash));
    if (this.#joined.has(infoHashV1) || infoHashV1 === name) return;
    this.#joined.set(infoHashV1, name);
    const former = this.#swarms.get(infoHashV1);
    if (former === undefined) return;
    this.#drop(infoHashV1);
    const swarm = this.#open(name, null);
    for (const peer of former) {
      this.#quotas.count(peer, -1);
      if (this.#quotas.reasonAgainstPeer(swarm, peer) === null) this.#put(name, swarm, peer);
    }
    swarm.downloaded += former.downloaded;
  }

  /** Takes an announce in and chooses the peers of its answer. */
  announce(announce: Announce): Announced {
    const name = this.#nameOf(announce.infoHash);
    const peer = peerOf(announce);
    const endpoint = endpointOf(peer);
    const group = addressGroup(peer.address);
    if (announce.event === 'stopped') {
      this.#remove(name, endpoint);
      return { counts: this.counts(name), peers: [], refused: null };
    }
    const existing = this.#swarms.get(name);
    const isKnown = existing !== undefined || this.#voted.has(name);
    const closed = isKnown ? null : this.#quotas.reasonAgainstSwarm(group);
    if (closed !== null) return { counts: NO_COUNTS, peers: [], refused: closed };
    const swarm = existing ?? this.#open(name, group);
    const former = swarm.formerEndpoint(peer);
    if (former !== undefined && this.#takeOut(swarm, former)?.seeding === true) this.#changed(name);
    const refused = swarm.get(endpoint) === undefined ? this.#quotas.reasonAgainstPeer(swarm, peer) : null;
    if (refused === null) this.#put(name, swarm, peer);
    else if (swarm.size === 0) this.#drop(name);
    if (announce.event === 'completed' && refused === null) swarm.downloaded += 1;
    const wanted = Math.min(Math.max(announce.wanted, 0), this.#limits.maxWanted);
    const peers = swarm.choose(wanted, { endpoint, seeding: announce.seeding }, this.#random);
    return { counts: swarm.counts, peers, refused };
  }

  /** Marks a builder's seeders of its vote as audited. */
  vouch(infoHash: InfoHashV2, builder: string): void {
    const name = toHex(truncateInfoHash(infoHash));
    const swarm = this.#swarms.get(name);
    if (swarm === undefined) return;
    for (const peer of Array.from(swarm.seeding())) {
      if (peer.builder === builder && !peer.audited) this.#put(name, swarm, { ...peer, audited: true });
    }
  }

  /** The builder whose seeder stands at an endpoint, or null. */
  builderAt(infoHash: string, place: Pick<Peer, 'address' | 'port'>): string | null {
    return this.#swarms.get(this.#nameOf(infoHash))?.get(endpointOf(place))?.builder ?? null;
  }

  /** A seeder proved that it is a builder's. Answers whether it is still listed, and nobody's until now. */
  claim(infoHash: string, place: Pick<Peer, 'address' | 'port'>, builder: string, audited: boolean): boolean {
    const name = this.#nameOf(infoHash);
    const swarm = this.#swarms.get(name);
    const peer = swarm?.get(endpointOf(place));
    if (swarm === undefined || peer?.seeding !== true || peer.builder !== null) return false;
    this.#put(name, swarm, { ...peer, builder, audited });
    return true;
  }

  /** Counts of a swarm, by any of its infohashes (20 bytes in hexadecimal). */
  counts(infoHash: string): SwarmCounts {
    return this.#swarms.get(this.#nameOf(infoHash))?.counts ?? NO_COUNTS;
  }

  /** Peers that seed, by any of the swarm's infohashes. */
  seeding(infoHash: string): Iterable<Peer> {
    return this.#swarms.get(this.#nameOf(infoHash))?.seeding() ?? [];
  }

  /** Forgets peers that did not announce for too long, and empty swarms with them. */
  sweep(nowMs: number): void {
    const beforeMs = nowMs - this.#limits.expirySeconds * 1000;
    for (const [name, swarm] of this.#swarms) {
      let expired = 0;
      for (const peer of swarm.expire(beforeMs)) {
        this.#quotas.count(peer, -1);
        expired += 1;
      }
      if (swarm.size === 0) this.#drop(name);
      if (expired > 0) this.#changed(name);
    }
  }

  #nameOf(infoHash: string): string {
    return this.#joined.get(infoHash) ?? infoHash;
  }

  /** Opens a swarm for an address, or for nobody when votes or a join name it. */
  #open(name: string, group: string | null): SwarmPeers {
    const open = this.#swarms.get(name);
    if (open !== undefined) return open;
    const swarm = new SwarmPeers();
    this.#swarms.set(name, swarm);
    if (group !== null && !this.#voted.has(name)) this.#quotas.openStrange(name, group);
    return swarm;
  }

  #drop(name: string): void {
    this.#swarms.delete(name);
    this.#quotas.endStrange(name);
  }

  #put(name: string, swarm: SwarmPeers, announced: Peer): void {
    const former = swarm.get(endpointOf(announced));
    const peer = stillOf(former, announced);
    swarm.put(peer);
    if (former === undefined) this.#quotas.count(peer, 1);
    const same =
      former?.seeding === peer.seeding && former.builder === peer.builder && former.audited === peer.audited;
    if (!same && (peer.seeding || former?.seeding === true)) this.#changed(name);
  }

  #remove(name: string, endpoint: string): void {
    const swarm = this.#swarms.get(name);
    const peer = swarm && this.#takeOut(swarm, endpoint);
    if (peer === undefined) return;
    if (swarm?.size === 0) this.#drop(name);
    if (peer.seeding) this.#changed(name);
  }

  #takeOut(swarm: SwarmPeers, endpoint: string): Peer | undefined {
    const peer = swarm.delete(endpoint);
    if (peer !== undefined) this.#quotas.count(peer, -1);
    return peer;
  }
}

/** A client that announces by a builder's own URL and by the open one as well is that builder's all the same. */
function stillOf(former: Peer | undefined, peer: Peer): Peer {
  if (former === undefined || peer.builder !== null || !equalBytes(former.peerId, peer.peerId)) return peer;
  return { ...peer, builder: former.builder, audited: former.audited && peer.seeding };
}

function peerOf(announce: Announce): Peer {
  const { address, port, peerId, clientKey, seeding, builder, audited, timeMs } = announce;
  return { address, port, peerId, clientKey, seeding, builder, audited, seenMs: timeMs };
}
