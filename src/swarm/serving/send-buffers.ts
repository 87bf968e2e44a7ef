import { BLOCK_BYTES } from '../../merkle/index.ts';
import { PIECE_HEADER_BYTES } from '../../wire/index.ts';

/** Most blocks that leave in one write. */
export const BLOCKS_PER_WRITE = 64;
/** Blocks of a buffer that is made when all others are held, and how many of those there are. */
const BLOCKS_IN_NEED = 4;
const BUFFERS_IN_NEED = 256;
const MESSAGE_BYTES = PIECE_HEADER_BYTES + BLOCK_BYTES;

/** Memory of as many blocks as one write takes, each behind its message head. */
export class SendBuffer {
  /** How many blocks there is room for. */
  readonly room: number;
  readonly bytes: Buffer;
  /** Where the data of full blocks stands that follow one another: made once, not for each block that is sent. */
  readonly #blocks: readonly Buffer[];

  constructor(room: number) {
    this.room = room;
    this.bytes = Buffer.allocUnsafeSlow(room * MESSAGE_BYTES);
    this.#blocks = Array.from({ length: room }, (_, index) => {
      const start = index * MESSAGE_BYTES + PIECE_HEADER_BYTES;
      return this.bytes.subarray(start, start + BLOCK_BYTES);
    });
  }

  /** The part from `start` of `length` bytes. */
  part(start: number, length: number): Uint8Array {
    const block = this.#blocks[(start - PIECE_HEADER_BYTES) / MESSAGE_BYTES];
    return block && length === BLOCK_BYTES ? block : this.bytes.subarray(start, start + length);
  }
}

/**
 * Buffers of a megabyte from which blocks are sent, used again and again; so many in all, whoever uploads. Uploads
 * that find none wait in turn; but each may always send a little, from a small buffer of its own, so that peers which
 * do not read what they asked for keep the memory of their writes and nobody else from being served.
 */
export class SendBuffers {
  readonly #capacity: number;
  readonly #free: SendBuffer[] = [];
  readonly #waiting = new Set<() => void>();
  #made = 0;
  #inNeed = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Whether all large buffers are held. */
  get isExhausted(): boolean {
    return this.#free.length === 0 && this.#made >= this.#capacity;
  }

  /**
   * A buffer, or `undefined`: then `ready` is called once when there is one.
   *
   * @param held how many the upload holds already
   */
  take(held: number, ready: () => void): SendBuffer | undefined {
    const free = this.#free.pop();
    if (free) return free;
    if (this.#made < this.#capacity) {
      this.#made += 1;
      return new SendBuffer(BLOCKS_PER_WRITE);
    }
    if (held === 0 && this.#inNeed < BUFFERS_IN_NEED) {
      this.#inNeed += 1;
      return new SendBuffer(BLOCKS_IN_NEED);
    }
    this.#waiting.add(ready);
    return undefined;
  }

  give(buffer: SendBuffer): void {
    if (buffer.room === BLOCKS_PER_WRITE) this.#free.push(buffer);
    else this.#inNeed -= 1;
    // Those that wait now: who finds nothing for itself waits again, behind them.
    let left = this.#waiting.size;
    for (const next of this.#waiting) {
      if (left === 0 || (this.#free.length === 0 && this.#inNeed >= BUFFERS_IN_NEED)) return;
      left -= 1;
      this.#waiting.delete(next);
      next();
    }
  }
}
