import { createHash, type Hash, hash } from 'node:crypto';
import { type HashPlan, SHA1_BYTES, UNIT_BYTES } from './hash-plan.ts';

/**
 * SHA-1 of the pieces of a unit, from the same reads as its SHA-256: pieces inside one read at once, a larger
 * piece, which is a unit by itself, read by read.
 */
export class Sha1Pieces {
  readonly #plan: HashPlan;
  readonly #buffer: Buffer;
  readonly #output: Buffer;
  #padded = false;
  #offset = 0;
  #running: Hash | undefined;
  #runningBytes = 0;

  /** @param buffer where the reads of a unit land, one after the other */
  constructor(plan: HashPlan, buffer: Buffer) {
    this.#plan = plan;
    this.#buffer = buffer;
    this.#output = Buffer.from(plan.sha1Hashes.buffer);
  }

  /** Starts a unit: that of a file which begins at `start`. */
  begin(file: number, start: number): void {
    const { firstPiece, padded, pieceLength } = this.#plan;
    this.#padded = padded[file] === 1;
    this.#offset = ((firstPiece[file] as number) + start / pieceLength) * SHA1_BYTES;
    this.#running = pieceLength > UNIT_BYTES ? createHash('sha1') : undefined;
    this.#runningBytes = 0;
  }

  /**
   * Takes the first `size` bytes of the buffer; `last` when the unit ends with them. What lies behind them in
   * the buffer may be overwritten.
   */
  add(size: number, last: boolean): void {
    if (this.#running) this.#addPart(this.#running, size, last);
    else this.#addPieces(size);
  }

  #addPieces(size: number): void {
    const { pieceLength } = this.#plan;
    for (let start = 0; start < size; start += pieceLength) {
      let end = start + pieceLength;
      if (end > size) {
        if (this.#padded) this.#buffer.fill(0, size, end);
        else end = size;
      }
      this.#put(hash('sha1', this.#buffer.subarray(start, end), 'binary'));
    }
  }

  #addPart(running: Hash, size: number, last: boolean): void {
    running.update(this.#buffer.subarray(0, size));
    this.#runningBytes += size;
    if (!last) return;
    if (this.#padded) this.#pad(running, this.#plan.pieceLength - this.#runningBytes);
    this.#put(running.digest('binary'));
  }

  #pad(running: Hash, size: number): void {
    this.#buffer.fill(0, 0, Math.min(size, UNIT_BYTES));
    for (let left = size; left > 0; left -= UNIT_BYTES) {
      running.update(this.#buffer.subarray(0, Math.min(left, UNIT_BYTES)));
    }
  }

  #put(digest: string): void {
    this.#output.write(digest, this.#offset, 'latin1');
    this.#offset += SHA1_BYTES;
  }
}
