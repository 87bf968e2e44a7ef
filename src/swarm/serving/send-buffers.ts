import { BLOCK_BYTES } from '../../merkle/index.ts';
import { PIECE_HEADER_BYTES } from '../../wire/index.ts';

/** Most blocks that leave in one write. */
export const BLOCKS_PER_WRITE = 64;
const MESSAGE_BYTES = PIECE_HEADER_BYTES + BLOCK_BYTES;

/** Memory of as many blocks as one write takes, each behind its message head. */
export class SendBuffer {
  readonly bytes = Buffer.allocUnsafeSlow(BLOCKS_PER_WRITE * MESSAGE_BYTES);
  /** Where the data of full blocks stands that follow one another: made once, not for each block that is sent. */
  readonly #blocks = Array.from({ length: BLOCKS_PER_WRITE }, (_, index) => {
    const start = index * MESSAGE_BYTES + PIECE_HEADER_BYTES;
    return this.bytes.subarray(start, start + BLOCK_BYTES);
  });

  /** The part from `start` of `length` bytes. */
  part(start: number, length: number): Uint8Array {
    const block = this.#blocks[(start - PIECE_HEADER_BYTES) / MESSAGE_BYTES];
    return block && length === BLOCK_BYTES ? block : this.bytes.subarray(start, start + length);
  }
}

/**
 * Buffers of a megabyte from which blocks are sent, used again and again; so many in all, whoever uploads. Uploads
 * that find none wait in turn.
 */
export class SendBuffers {
  readonly #capacity: number;
  readonly #free: SendBuffer[] = [];
  readonly #waiting = new Set<() => void>();
  #made = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** A buffer, or `undefined`: then `ready` is called once when there is one. */
  take(ready: () => void): SendBuffer | undefined {
    const free = this.#free.pop();
    if (free) return free;
    if (this.#made < this.#capacity) {
      this.#made += 1;
      return new SendBuffer();
    }
    this.#waiting.add(ready);
    return undefined;
  }

  give(buffer: SendBuffer): void {
    this.#free.push(buffer);
    for (const next of this.#waiting) {
      if (this.#free.length === 0) return;
      this.#waiting.delete(next);
      next();
    }
  }
}
