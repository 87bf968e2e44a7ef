import type { Bitfield } from '../bitfield.ts';
import type { Peer } from '../connection/peer.ts';

interface Told {
  pieces: number;
  /** Whether it told all that it has at once, which it may do one time (BEP 3). */
  hasClaimed: boolean;
}

/** The peers of a torrent, and how many pieces each told that it has, also while nothing is fetched from it. */
export class ToldPieces {
  readonly #peers = new Map<Peer, Told>();

  get peers(): Iterable<Peer> {
    return this.#peers.keys();
  }

  has(peer: Peer): boolean {
    return this.#peers.has(peer);
  }

  countOf(peer: Peer): number {
    return this.#peers.get(peer)?.pieces ?? 0;
  }

  join(peer: Peer): void {
    this.#peers.set(peer, { pieces: 0, hasClaimed: false });
  }

  leave(peer: Peer): void {
    this.#peers.delete(peer);
  }

  /** A peer told that it has one piece more. */
  piece(peer: Peer): void {
    const told = this.#peers.get(peer);
    if (told) told.pieces += 1;
  }

  /** A peer told all that it has; `false` when it did so before. */
  all(peer: Peer, field: Bitfield): boolean {
    const told = this.#peers.get(peer);
    if (!told || told.hasClaimed) return false;
    told.hasClaimed = true;
    told.pieces = field.count;
    return true;
  }
}
