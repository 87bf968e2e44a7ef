import { formatPeerAddress, type PeerAddress } from '../../wire/index.ts';
import { DHT_LIMITS, type DhtLimits } from './limits.ts';

interface Stored {
  readonly address: PeerAddress;
  expiresMs: number;
}

/** What other nodes announced to us: peers by infohash, for half an hour, bounded in every direction. */
export class PeerStore {
  readonly #now: () => number;
  readonly #limits: DhtLimits;
  /** By hex of the infohash; what was announced to last stands last. */
  readonly #torrents = new Map<string, Map<string, Stored>>();
  /** How many places each host has. */
  readonly #places = new Map<string, number>();

  constructor(now: () => number, limits = DHT_LIMITS) {
    this.#now = now;
    this.#limits = limits;
  }

  get size(): number {
    let size = 0;
    for (const peers of this.#torrents.values()) size += peers.size;
    return size;
  }

  add(infoHashHex: string, address: PeerAddress): void {
    const peers = this.#torrents.get(infoHashHex) ?? new Map<string, Stored>();
    const key = formatPeerAddress(address);
    const known = peers.get(key);
    const expiresMs = this.#now() + this.#limits.peerMs;
    if (known) known.expiresMs = expiresMs;
    else {
      const places = this.#places.get(address.host) ?? 0;
      if (places >= this.#limits.peersPerHost || peers.size >= this.#limits.peersPerTorrent) return;
      if (this.#torrents.size >= this.#limits.torrents && peers.size === 0) this.#forgetOldest();
      this.#places.set(address.host, places + 1);
      peers.set(key, { address, expiresMs });
    }
    this.#torrents.delete(infoHashHex);
    this.#torrents.set(infoHashHex, peers);
  }

  /** Some peers of a torrent, others each time when there are many. */
  some(infoHashHex: string, random: () => number): PeerAddress[] {
    const peers = [...(this.#torrents.get(infoHashHex)?.values() ?? [])];
    const start = Math.floor(random() * peers.length);
    const turned = [...peers.slice(start), ...peers.slice(0, start)];
    const now = this.#now();
    return turned
      .filter(({ expiresMs }) => expiresMs > now)
      .slice(0, this.#limits.peersInAnswer)
      .map(({ address }) => address);
  }

  /** Forgets what was not announced again in time. */
  expire(): void {
    for (const [infoHashHex, peers] of this.#torrents) {
      for (const [key, { address, expiresMs }] of peers) {
        if (expiresMs > this.#now()) continue;
        peers.delete(key);
        this.#release(address.host);
      }
      if (peers.size === 0) this.#torrents.delete(infoHashHex);
    }
  }

  #forgetOldest(): void {
    const [oldest] = this.#torrents;
    if (!oldest) return;
    for (const { address } of oldest[1].values()) this.#release(address.host);
    this.#torrents.delete(oldest[0]);
  }

  #release(host: string): void {
    const places = (this.#places.get(host) ?? 1) - 1;
    if (places === 0) this.#places.delete(host);
    else this.#places.set(host, places);
  }
}
