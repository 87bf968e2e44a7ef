import { type PeerId, toHex } from '../../bytes/index.ts';
import { type AddressBytes, addressGroup } from '../address.ts';
import type { Random } from '../random.ts';
import { PeerList } from './peer-list.ts';

/** One endpoint that announced itself in a swarm. The address is that of its connection, never of `ip=`. */
export interface Peer {
  readonly address: AddressBytes;
  readonly port: number;
  readonly peerId: PeerId;
  /** The client's `key`, by which it is known again after its address changed; '' when it gave none. */
  readonly clientKey: string;
  readonly seeding: boolean;
  /** The key of the builder by whose own announce URL it came, or that it proved; else null. */
  readonly builder: string | null;
  /** Whether an audit of that builder's seeding of this swarm is in the log. */
  readonly audited: boolean;
  readonly seenMs: number;
}

/** What a scrape tells of a swarm (BEP 48). */
export interface SwarmCounts {
  readonly complete: number;
  readonly incomplete: number;
  readonly downloaded: number;
}

/** The place of a peer in its swarm: its address and port, so that nobody can displace a peer elsewhere. */
export function endpointOf(peer: Pick<Peer, 'address' | 'port'>): string {
  return `${toHex(peer.address)}:${peer.port}`;
}

/** The peers of one swarm. Its owner, the announce store, holds it within bounds. */
export class SwarmPeers {
  /** By endpoint, the longest unseen first. */
  readonly #peers = new Map<string, Peer>();
  /** Endpoints by peer id, client key and address family: a client whose address changed leaves its old place. */
  readonly #identities = new Map<string, string>();
  readonly #perAddress = new Map<string, number>();
  readonly #audited = new PeerList<Peer>();
  readonly #seeders = new PeerList<Peer>();
  readonly #leechers = new PeerList<Peer>();
  downloaded = 0;

  get size(): number {
    return this.#peers.size;
  }

  get counts(): SwarmCounts {
    return {
      complete: this.#audited.size + this.#seeders.size,
      incomplete: this.#leechers.size,
      downloaded: this.downloaded,
    };
  }

  get(endpoint: string): Peer | undefined {
    return this.#peers.get(endpoint);
  }

  /** Where the client of `peer` stood before its address or port changed, if it gave the same key then. */
  formerEndpoint(peer: Peer): string | undefined {
    const endpoint = peer.clientKey === '' ? undefined : this.#identities.get(identityOf(peer));
    return endpoint === endpointOf(peer) ? undefined : endpoint;
  }

  /** How many peers stand at one address (or IPv6 /64). */
  at(group: string): number {
    return this.#perAddress.get(group) ?? 0;
  }

  /** How many peers are audited seeders of one builder. */
  auditedOf(builder: string): number {
    let count = 0;
    for (const peer of this.#audited) if (peer.builder === builder) count += 1;
    return count;
  }

  put(peer: Peer): void {
    const endpoint = endpointOf(peer);
    this.delete(endpoint);
    this.#peers.set(endpoint, peer);
    this.#listOf(peer).add(peer);
    if (peer.clientKey !== '') this.#identities.set(identityOf(peer), endpoint);
    const group = addressGroup(peer.address);
    this.#perAddress.set(group, this.at(group) + 1);
  }

  /** Takes a peer out; gives it, or undefined when there was none. */
  delete(endpoint: string): Peer | undefined {
    const peer = this.#peers.get(endpoint);
    if (peer === undefined) return undefined;
    this.#peers.delete(endpoint);
    this.#listOf(peer).delete(peer);
    const identity = identityOf(peer);
    if (this.#identities.get(identity) === endpoint) this.#identities.delete(identity);
    const group = addressGroup(peer.address);
    const left = this.at(group) - 1;
    if (left === 0) this.#perAddress.delete(group);
    else this.#perAddress.set(group, left);
    return peer;
  }

  /** Takes out and gives the peers that were last seen before `beforeMs`. */
  *expire(beforeMs: number): Generator<Peer> {
    for (const [endpoint, peer] of this.#peers) {
      if (peer.seenMs >= beforeMs) return;
      this.delete(endpoint);
      yield peer;
    }
  }

  /**
   * Random peers for an answer. A seeder gets leechers only; a leecher gets audited seeders, other seeders and
   * leechers in turn, so that no flood of one kind keeps out the others. Never the asking endpoint itself.
   */
  choose(
    count: number,
    asking: { readonly endpoint: string; readonly seeding: boolean },
    random: Random,
  ): Peer[] {
    const pools = asking.seeding ? [this.#leechers] : [this.#audited, this.#seeders, this.#leechers];
    const samples = pools.map((pool) => pool.sample(count + 1, random));
    const chosen: Peer[] = [];
    for (let turn = 0; turn <= count; turn += 1) {
      for (const sample of samples) {
        const peer = sample[turn];
        if (peer !== undefined && endpointOf(peer) !== asking.endpoint) chosen.push(peer);
      }
    }
    return chosen.slice(0, count);
  }

  /** Those that seed. */
  *seeding(): Generator<Peer> {
    yield* this.#audited;
    yield* this.#seeders;
  }

  [Symbol.iterator](): IterableIterator<Peer> {
    return this.#peers.values();
  }

  #listOf(peer: Peer): PeerList<Peer> {
    if (!peer.seeding) return this.#leechers;
    return peer.audited ? this.#audited : this.#seeders;
  }
}

function identityOf(peer: Peer): string {
  return `${toHex(peer.peerId)} ${peer.clientKey} ${peer.address.length}`;
}
