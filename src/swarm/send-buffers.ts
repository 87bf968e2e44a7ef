import { BLOCK_BYTES } from '../merkle/index.ts';
import { PIECE_HEADER_BYTES } from '../wire/index.ts';

/** Most blocks that leave in one write. */
export const BLOCKS_PER_WRITE = 64;
const BUFFER_BYTES = BLOCKS_PER_WRITE * (PIECE_HEADER_BYTES + BLOCK_BYTES);

/**
 * Buffers of a megabyte from which blocks are sent, used again and again; so many in all, whoever uploads. Uploads
 * that find none wait in turn.
 */
export class SendBuffers {
  readonly #capacity: number;
  readonly #free: Buffer[] = [];
  readonly #waiting = new Set<() => void>();
  #made = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** A buffer, or `undefined`: then `ready` is called once when there is one. */
  take(ready: () => void): Buffer | undefined {
    const free = this.#free.pop();
    if (free) return free;
    if (this.#made < this.#capacity) {
      this.#made += 1;
      return Buffer.allocUnsafeSlow(BUFFER_BYTES);
    }
    this.#waiting.add(ready);
    return undefined;
  }

  give(buffer: Buffer): void {
    this.#free.push(buffer);
    for (const next of this.#waiting) {
      if (this.#free.length === 0) return;
      this.#waiting.delete(next);
      next();
    }
  }
}
