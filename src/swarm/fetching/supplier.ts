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
/** How many seconds of a peer's rate are asked for ahead; fewer while somebody reads, so that little waits before it. */
const AHEAD_SECONDS = 3;
const READING_AHEAD_SECONDS = 0.5;
/** Most blocks that a peer owes with those that it was told not to send. */
const MOST_OWED = 4 * MOST_PIPELINE;

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
  /** Pieces that it kept back not long ago. */
  keptBack: ReadonlySet<number> = new Set();
  /** Where a block goes that another peer is writing too. */
  readonly scratch = new Uint8Array(BLOCK_BYTES);
  /** Blocks that came without being asked for. */
  unasked = 0;
  pipeline = FIRST_PIPELINE;
  /** Bytes in the last second. */
  bytesPerSecond = 0;
  /** Others are much faster. */
  isSlow = false;
  /** Blocks that it was told not to send, and has not answered for; and those of them that it was asked for again. */
  readonly #withdrawn = new Set<number>();
  readonly #askedAgain = new Set<number>();
  /** When it was asked last, there was nothing more to ask it for. */
  isStarved = false;
  #seenBytes = 0;
  #seenPauses = 0;
  #hasFinishedBlock = false;
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
    return Math.min(this.mostOwed - this.load, MOST_OWED - this.owed.size);
  }

  /** How many blocks are expected of it. */
  get load(): number {
    return this.owed.size - this.#withdrawn.size;
  }

  /** Whether a block is expected of it. */
  isOwing(number: number): boolean {
    return this.owed.has(number) && !this.#withdrawn.has(number);
  }

  /** It is asked for a block. */
  asks(number: number): void {
    this.owed.add(number);
    if (this.#withdrawn.size > 0 && this.#withdrawn.delete(number)) this.#askedAgain.add(number);
  }

  /** It is told not to send a block: it answers with the block or a reject all the same (BEP 6). */
  withdraws(number: number): void {
    this.#withdrawn.add(number);
  }

  /** A block came; whether it was owed. */
  answers(number: number): boolean {
    this.#withdrawn.delete(number);
    this.#askedAgain.delete(number);
    return this.owed.delete(number);
  }

  /** A block was rejected; whether it was still expected. */
  rejects(number: number): boolean {
    if (this.#askedAgain.delete(number)) return false; // the answer to the cancel before
    const wasExpected = !this.#withdrawn.delete(number);
    return this.owed.delete(number) && wasExpected;
  }

  /** It sends nothing of what it owes. */
  forgetOwed(): void {
    this.owed.clear();
    this.#withdrawn.clear();
    this.#askedAgain.clear();
  }

  /** A block came: the pipeline grows, as long as the rate keeps up (see {@link Supplier.tick}). */
  progressed(): void {
    if (this.pipeline < MOST_PIPELINE) this.pipeline += 1;
  }

  /** A block that it owed has come whole, wanted or not. */
  finishedBlock(): void {
    this.#hasFinishedBlock = true;
  }

  /** Begins to owe: silence counts from here. */
  owes(nowMs: number): void {
    if (this.load === 0) this.#lastProgressMs = nowMs;
  }

  /**
   * Called once a second: fits the pipeline to the rate; returns for how long the peer owed and sent no whole block. A
   * part does not count: sent byte by byte, one block would hold up for ever a piece that only this peer may send.
   */
  tick(nowMs: number, isReading: boolean): number {
    const bytes = this.peer.receivedBlockBytes - this.#seenBytes;
    this.bytesPerSecond = bytes;
    this.#seenBytes = this.peer.receivedBlockBytes;
    const isHeldBack = this.peer.isHeldBack || this.peer.pauses > this.#seenPauses;
    this.#seenPauses = this.peer.pauses;
    if (this.#hasFinishedBlock || this.load === 0 || isHeldBack) this.#lastProgressMs = nowMs;
    this.#hasFinishedBlock = false;
    if (bytes > 0) {
      const ahead = isReading ? READING_AHEAD_SECONDS : AHEAD_SECONDS;
      const wanted = Math.ceil((bytes * ahead) / BLOCK_BYTES);
      this.pipeline = Math.min(this.pipeline, Math.max(LEAST_PIPELINE, wanted));
    }
    return nowMs - this.#lastProgressMs;
  }
}
