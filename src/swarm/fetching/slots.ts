import { BLOCK_BYTES } from '../../merkle/index.ts';

/** The memory of one piece. */
export class SlotMemory {
  readonly bytes: Uint8Array;
  /** Views of the blocks, made once: a new one for each block costs more than its head. */
  readonly #blocks: (Uint8Array | undefined)[] = [];

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** The memory of a whole block. */
  block(index: number): Uint8Array {
    const made = this.#blocks[index];
    if (made) return made;
    const view = this.bytes.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES);
    this.#blocks[index] = view;
    return view;
  }
}

/**
 * Memory for pieces that are on their way: one block of shared memory cut into slots of one piece each, so that the
 * hashing thread reads and writes to disk from where the socket's bytes were put. A piece takes its slot when it is
 * asked for, so that there is room for what comes, but memory only when its first byte comes, and then that which was
 * given back last: so few pieces' memory is in use that it stays in the processor's cache, and page tables in its
 * translation buffer, without which hashing takes half as long again.
 */
export class Slots {
  readonly #memory: SharedArrayBuffer;
  readonly #slotBytes: number;
  readonly #free: number[] = [];
  /** Memory in use, by slot. */
  readonly #used: (SlotMemory | undefined)[] = [];
  /** Memory that was in use, the warmest last. */
  readonly #warm: SlotMemory[] = [];
  /** How much of all memory was ever in use. */
  #touchedBytes = 0;
  /** Those who wait for a slot, the first come first. */
  readonly #waiting = new Set<(slot: number) => void>();

  /** As many slots as fit into `budgetBytes`, at least two, so that one fills while the other is hashed; for pieces
   * that are larger than all of it, one. */
  constructor(slotBytes: number, pieceCount: number, budgetBytes: number) {
    const least = slotBytes > budgetBytes ? 1 : 2;
    const count = Math.min(pieceCount, Math.max(least, Math.floor(budgetBytes / slotBytes)));
    this.#slotBytes = slotBytes;
    this.#memory = new SharedArrayBuffer(count * slotBytes);
    for (let slot = count - 1; slot >= 0; slot -= 1) this.#free.push(slot);
  }

  get available(): number {
    return this.#free.length;
  }

  /** A free slot's number, or `undefined`. */
  take(): number | undefined {
    return this.#free.pop();
  }

  /** A slot as soon as one is free, before those who only {@link Slots.take}. Rejects with the signal's reason. */
  claim(signal: AbortSignal): Promise<number> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#waiting.delete(receive);
        reject(signal.reason as Error);
      };
      const receive = (slot: number): void => {
        signal.removeEventListener('abort', abort);
        resolve(slot);
      };
      if (signal.aborted) abort();
      else {
        signal.addEventListener('abort', abort, { once: true });
        this.#waiting.add(receive);
        if (this.#free.length > 0) this.give(this.#free.pop() as number);
      }
    });
  }

  give(slot: number): void {
    const memory = this.#used[slot];
    if (memory) this.#warm.push(memory);
    this.#used[slot] = undefined;
    for (const receive of this.#waiting) {
      this.#waiting.delete(receive);
      receive(slot);
      return;
    }
    this.#free.push(slot);
  }

  /** The memory of a slot that was taken. */
  memory(slot: number): SlotMemory {
    const memory = this.#used[slot] ?? this.#warm.pop() ?? this.#touch();
    this.#used[slot] = memory;
    return memory;
  }

  #touch(): SlotMemory {
    const bytes = new Uint8Array(this.#memory, this.#touchedBytes, this.#slotBytes);
    this.#touchedBytes += this.#slotBytes;
    return new SlotMemory(bytes);
  }
}
