/**
 * Memory for pieces that are on their way: one block of shared memory cut into slots of one piece each, so that the
 * hashing thread reads and writes to disk from where the socket's bytes were put.
 */
export class Slots {
  readonly #memory: SharedArrayBuffer;
  readonly #slotBytes: number;
  readonly #free: number[] = [];
  readonly #views: (Uint8Array | undefined)[] = [];

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

  /** A free slot's number, or `undefined`. The one given back last comes first: its memory is warm. */
  take(): number | undefined {
    return this.#free.pop();
  }

  give(slot: number): void {
    this.#free.push(slot);
  }

  /** The memory of a slot. */
  view(slot: number): Uint8Array {
    const view = this.#views[slot] ?? new Uint8Array(this.#memory, slot * this.#slotBytes, this.#slotBytes);
    this.#views[slot] = view;
    return view;
  }
}
