/**
 * What the scanner writes and nodes read: for each token (value or key, in the order of the input) where it
 * starts, where it ends, and which token follows its whole subtree. Three 32-bit words a token, no object.
 */
export class Tape {
  readonly source: Uint8Array;
  #words = new Uint32Array(3 * 64);
  #count = 0;

  constructor(source: Uint8Array) {
    this.source = source;
  }

  /** Tokens written so far. */
  get count(): number {
    return this.#count;
  }

  /** Opens a token that starts at a byte of the source; {@link close} completes it. Returns its index. */
  open(start: number): number {
    const at = this.#count * 3;
    if (at === this.#words.length) {
      const grown = new Uint32Array(this.#words.length * 2);
      grown.set(this.#words);
      this.#words = grown;
    }
    this.#words[at] = start;
    this.#count += 1;
    return this.#count - 1;
  }

  /** Completes a token: it ends before `end`, and every token written since it was opened is inside it. */
  close(token: number, end: number): void {
    this.#words[token * 3 + 1] = end;
    this.#words[token * 3 + 2] = this.#count;
  }

  startOf(token: number): number {
    return this.#words[token * 3] as number;
  }

  endOf(token: number): number {
    return this.#words[token * 3 + 1] as number;
  }

  /** Index of the first token after the subtree of `token`. */
  afterOf(token: number): number {
    return this.#words[token * 3 + 2] as number;
  }
}
