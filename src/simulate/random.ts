import { createHash } from 'node:crypto';

/** 64 hex digits that stand for something by name: a key, a digest, an infohash. */
export function hexOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Numbers that look random and are the same for the same seed (xorshift). */
export class Random {
  #state: number;

  constructor(seed: string) {
    this.#state = Number.parseInt(hexOf(seed).slice(0, 8), 16) | 1;
  }

  /** At least 0, below 1. */
  next(): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) / 0x1_0000_0000;
  }
}
