import { equalBytes } from '../bytes/index.ts';
import { WireError } from './error.ts';

/**
 * Bytes that have come and were not used yet. Whoever fills it checks after every chunk whether what it waits for is
 * there, so that it never holds more than that and one chunk.
 */
export class MseInbox {
  #bytes: Uint8Array = new Uint8Array(256);
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  /** Appends a copy of a chunk. */
  push(chunk: Uint8Array): void {
    if (this.#end + chunk.length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#bytes.length, (this.length + chunk.length) * 2));
      grown.set(this.#bytes.subarray(this.#start, this.#end));
      this.#end = this.length;
      this.#start = 0;
      this.#bytes = grown;
    }
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** Takes the next `count` bytes, which belong to the caller from then on; `undefined` while there are fewer. */
  take(count: number): Uint8Array | undefined {
    if (this.length < count) return undefined;
    const taken = this.#bytes.slice(this.#start, this.#start + count);
    this.#start += count;
    return taken;
  }

  /**
   * Takes everything up to the end of `mark`, which has to begin within the next `within` bytes. Throws
   * `bad-encryption` when it cannot come there any more.
   */
  passMark(mark: Uint8Array, within: number): boolean {
    const last = Math.min(this.length - mark.length, within);
    for (let at = this.#start; at <= this.#start + last; at += 1) {
      if (!equalBytes(this.#bytes.subarray(at, at + mark.length), mark)) continue;
      this.#start = at + mark.length;
      return true;
    }
    if (last < within) return false;
    throw new WireError('bad-encryption', `no second message begins within ${within} bytes of padding`);
  }
}
