/**
 * RC4, the stream cipher of MSE. It hides what a connection carries from simple filters and protects nothing: every
 * byte is verified by other means.
 *
 * @example
 * const cipher = new Rc4(key).skip(1024);
 * cipher.apply(bytes, bytes); // in place, from where the stream stands
 */
export class Rc4 {
  readonly #state = new Uint8Array(256);
  #i = 0;
  #j = 0;

  /** A key of 1 to 256 bytes. */
  constructor(key: Uint8Array) {
    const state = this.#state;
    for (let at = 0; at < 256; at += 1) state[at] = at;
    let j = 0;
    for (let at = 0; at < 256; at += 1) {
      const held = state[at] as number;
      j = (j + held + (key[at % key.length] as number)) & 255;
      state[at] = state[j] as number;
      state[j] = held;
    }
  }

  /** Throws away so many bytes of the key stream. */
  skip(count: number): this {
    const nowhere = new Uint8Array(count);
    this.apply(nowhere, nowhere);
    return this;
  }

  /** Encrypts, or decrypts, `from` into `to`, which is at least as long and may be the same. */
  apply(from: Uint8Array, to: Uint8Array): void {
    const state = this.#state;
    let i = this.#i;
    let j = this.#j;
    for (let at = 0; at < from.length; at += 1) {
      i = (i + 1) & 255;
      const a = state[i] as number;
      j = (j + a) & 255;
      const b = state[j] as number;
      state[i] = b;
      state[j] = a;
      to[at] = (from[at] as number) ^ (state[(a + b) & 255] as number);
    }
    this.#i = i;
    this.#j = j;
  }
}
