/** Bytes that are read at once to be hashed, unless a piece is longer. */
const RUN_BYTES = 1024 * 1024;
/** Most runs of one check that are read and hashed at the same time. */
const MOST_LANES = 4;

/**
 * Memory that content is read into to be hashed, shared with the hashing threads. Pieces of memory of the usual length
 * are used again: thousands of small torrents are checked one after the other, and fresh memory costs more than hashing.
 */
export class RunMemory {
  readonly #budgetBytes: number;
  readonly #free: Uint8Array[] = [];

  /** `budgetBytes`: what one check may take, unless one piece needs more. */
  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes;
  }

  /** How many bytes are read at once, and how many such runs at the same time, for pieces of a length. */
  plan(pieceLength: number): { readonly runBytes: number; readonly lanes: number } {
    const runBytes = Math.max(pieceLength, RUN_BYTES);
    const lanes = Math.min(MOST_LANES, Math.max(1, Math.floor(this.#budgetBytes / runBytes)));
    return { runBytes, lanes };
  }

  take(bytes: number): Uint8Array {
    const kept = bytes === RUN_BYTES ? this.#free.pop() : undefined;
    return kept ?? new Uint8Array(new SharedArrayBuffer(bytes));
  }

  give(memory: Uint8Array): void {
    if (memory.length === RUN_BYTES && this.#free.length < MOST_LANES) this.#free.push(memory);
  }
}
