import process from 'node:process';
import type { Layout } from '../layout.ts';

/** For how long what was read or written counts as still in memory. */
const RECENT_MS = 60_000;
/** A content is that large a part of the memory at hand, at most, for all of it to stay there meanwhile. */
const MEMORY_PART = 4;
/** From memory a megabyte comes in a fraction of a millisecond: what took this long came from a disk. */
const SLOW_MS = 50;

/**
 * Which pieces the system still has in memory, so that reading them waits for no disk: then it is done at once, in the
 * event loop, which for a megabyte costs less than to hand it to another thread and to hear of it. Those are pieces that
 * were verified, written or read within the last minute, where the content is small beside the memory at hand. Reads of
 * all others, and for a minute all reads after one that was slow all the same, are left to the thread pool, so that a
 * slow disk holds up only those who want what is on it.
 */
export class RecentReads {
  readonly #layout: Layout;
  readonly #now: () => number;
  /** When all that was here was verified. */
  readonly #verifiedMs: number;
  /** When each piece was read; made with the first read. */
  #readMs: Float64Array | undefined;
  #isSmall = false;
  #slowUntilMs = 0;

  /** To be made when the content has just been verified; what is added later was written later. */
  constructor(layout: Layout, now: () => number) {
    this.#layout = layout;
    this.#now = now;
    this.#verifiedMs = now();
  }

  /** Whether all of these pieces are in memory, as far as can be told. */
  holds(first: number, last: number): boolean {
    const nowMs = this.#now();
    const readMs = this.#open();
    if (!this.#isSmall || nowMs < this.#slowUntilMs) return false;
    if (nowMs - this.#verifiedMs < RECENT_MS) return true;
    for (let piece = first; piece <= last; piece += 1) {
      if (nowMs - (readMs[piece] as number) >= RECENT_MS) return false;
    }
    return true;
  }

  /** Pieces were read; when it was done in the event loop, which that held up for `heldUpMs`. */
  read(first: number, last: number, heldUpMs = 0): void {
    const nowMs = this.#now();
    if (heldUpMs > SLOW_MS) this.#slowUntilMs = nowMs + RECENT_MS;
    this.#open().fill(nowMs, first, last + 1);
  }

  #open(): Float64Array {
    if (this.#readMs) return this.#readMs;
    this.#isSmall = this.#layout.sizeBytes * MEMORY_PART <= process.availableMemory();
    this.#readMs = new Float64Array(this.#layout.pieceCount).fill(Number.NEGATIVE_INFINITY);
    return this.#readMs;
  }
}
