import { BLOCK_BYTES } from '../../merkle/index.ts';

/**
 * How long a server has been waited for since it last sent a block's worth of bytes; what holds us up ourselves does not
 * count. Thus who drips bytes is as silent as who sends none.
 */
export class Patience {
  #waitedMs = 0;
  /** Since when it is waited for; `undefined` while we are not ready for more ourselves. */
  #sinceMs: number | undefined;
  #bytes = 0;

  /** We are ready for bytes. */
  wait(nowMs: number): void {
    this.#sinceMs = nowMs;
  }

  /** Some came, and we are at work with them. */
  came(bytes: number, nowMs: number): void {
    this.#waitedMs = this.#waited(nowMs);
    this.#sinceMs = undefined;
    this.#bytes += bytes;
    if (this.#bytes < BLOCK_BYTES) return;
    this.#bytes = 0;
    this.#waitedMs = 0;
  }

  /** What to reproach the server with when it was waited for longer than that. */
  lost(mostMs: number, nowMs: number): string | undefined {
    if (this.#waited(nowMs) <= mostMs) return undefined;
    const seconds = Math.round(mostMs / 1000);
    return this.#bytes === 0
      ? `it was silent for ${seconds} s`
      : `it sent only ${this.#bytes} bytes in ${seconds} s`;
  }

  #waited(nowMs: number): number {
    return this.#waitedMs + (this.#sinceMs === undefined ? 0 : nowMs - this.#sinceMs);
  }
}
