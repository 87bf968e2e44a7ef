import { BLOCK_BYTES } from '../../merkle/index.ts';
import type { Bitfield } from '../bitfield.ts';
import type { Peer } from '../connection/peer.ts';
import type { PieceTransfer } from './piece-transfer.ts';

/** Fewest and most requests under way at one peer. */
const LEAST_PIPELINE = 16;
export const MOST_PIPELINE = 512;
/** The same under a download limit: while one block comes, another is asked for. */
const LEAST_UNDER_LIMIT = 2;
const FIRST_PIPELINE = 64;
/** What a peer keeps that does not say (`reqq`); libtorrent assumes the same. */
const USUAL_QUEUE = 250;
/** How many seconds of a peer's rate are asked for ahead. */
const AHEAD_SECONDS = 3;

/** How many blocks each of the peers that serve us may owe under a limit in bytes a second. */
export function mostOwedUnder(bytesPerSecond: number, peers: Iterable<Peer>): number {
  let serving = 0;
  for (const { isChoking } of peers) if (!isChoking) serving += 1;
  const share = (bytesPerSecond * AHEAD_SECONDS) / BLOCK_BYTES / Math.max(1, serving);
  return Math.min(MOST_PIPELINE, Math.max(LEAST_UNDER_LIMIT, Math.ceil(share)));
}

/** What a download knows of one peer: its pieces, what it owes, how fast it is. */
export class Supplier {
  readonly peer: Peer;
  readonly have: Bitfield;
  /** Blocks under way, by their number in the whole torrent. */
  readonly owed = new Set<number>();
  /** The block that it is sending now, when it is wanted. */
  incoming: { readonly transfer: PieceTransfer; readonly block: number } | undefined;
  /** Pieces it refused since it last let us ask. */
  readonly refused = new Set<number>();
  /** Where a block goes that another peer is writing too. */
  readonly scratch = new Uint8Array(BLOCK_BYTES);
  /** Blocks that came without being asked for. */
  unasked = 0;
  pipeline = FIRST_PIPELINE;
  /** When it was asked last, there was nothing more to ask it for. */
  isStarved = false;
  #seenBytes = 0;
  #lastProgressMs: number;

  constructor(peer: Peer, have: Bitfield, nowMs: number) {
    this.peer = peer;
    this.have = have;
    this.#lastProgressMs = nowMs;
  }

  /** How many blocks it may owe: what it keeps, and what suits its rate. */
  get mostOwed(): number {
    const queue = this.peer.extension?.requestQueue ?? USUAL_QUEUE;
    return Math.min(this.pipeline, Math.max(1, queue), MOST_PIPELINE);
  }

  /** How many more requests may go out. */
  get room(): number {
    return this.mostOwed - this.owed.size;
  }

  /** A block came: the pipeline grows, as long as the rate keeps up (see {@link Supplier.tick}). */
  progressed(): void {
    if (this.pipeline < MOST_PIPELINE) this.pipeline += 1;
  }

  /** Begins to owe: silence counts from here. */
  owes(nowMs: number): void {
    if (this.owed.size === 0) this.#lastProgressMs = nowMs;
  }

  /** Called once a second: fits the pipeline to the rate; returns for how long the peer owed and sent nothing. */
  tick(nowMs: number): number {
    const bytes = this.peer.receivedBlockBytes - this.#seenBytes;
    this.#seenBytes = this.peer.receivedBlockBytes;
    if (bytes > 0 || this.owed.size === 0 || this.peer.isHeldBack) this.#lastProgressMs = nowMs;
    if (bytes > 0) {
      const wanted = Math.ceil((bytes * AHEAD_SECONDS) / BLOCK_BYTES);
      this.pipeline = Math.min(this.pipeline, Math.max(LEAST_PIPELINE, wanted));
    }
    return nowMs - this.#lastProgressMs;
  }
}
