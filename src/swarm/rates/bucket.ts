import { BLOCK_BYTES } from '../../merkle/index.ts';

/** How much of a second's bytes may leave at once after a pause. */
const BURST_SECONDS = 0.25;
/** How much of a second's bytes goes to one peer before the next one has its turn. */
const TURN_SECONDS = 0.01;
/** The shortest wait, in milliseconds: timers are no finer. */
const LEAST_WAIT_MS = 2;

/**
 * A token bucket: so many bytes a second, 0 for any number. Whoever finds it empty waits, and all that wait are served
 * in turn, a small portion each, so that peers share alike however much each of them wants. What passes is paid for
 * afterwards: the bucket may owe one portion, so that it works for rates below a block a second as well.
 */
export class Bucket {
  readonly #now: () => number;
  readonly #waiting = new Set<() => void>();
  /** Whose turn it is: it passes although others wait. */
  #turn: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #bytesPerSecond = 0;
  #tokens = 0;
  #filledMs = 0;

  /** `now` is a clock that only goes forward, in milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** 0 when everything may pass. */
  get bytesPerSecond(): number {
    return this.#bytesPerSecond;
  }

  /** Sets the rate, also while others wait. */
  setRate(bytesPerSecond: number): void {
    if (this.#bytesPerSecond === 0) this.#filledMs = this.#now();
    else this.#fill();
    this.#bytesPerSecond = bytesPerSecond;
    // Neither a burst nor a debt of the former rate lasts.
    this.#tokens = Math.min(Math.max(this.#tokens, -this.#mostDebt), bytesPerSecond * BURST_SECONDS);
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#serve();
  }

  /** Whether somebody waits. */
  get holdsBack(): boolean {
    return this.#waiting.size > 0;
  }

  /** How many blocks make one turn, at least one. */
  get turnBlocks(): number {
    return Math.max(1, Math.floor((this.#bytesPerSecond * TURN_SECONDS) / BLOCK_BYTES));
  }

  /** Whether the caller may go on; if not, `ready` is called once, when it is its turn. */
  admits(ready: () => void): boolean {
    if (this.#bytesPerSecond === 0) return true;
    const isItsTurn = this.#turn === ready;
    if (isItsTurn) this.#turn = undefined;
    this.#fill();
    if (this.#tokens > 0 && (isItsTurn || this.#waiting.size === 0)) return true;
    this.#waiting.add(ready);
    this.#wakeLater();
    return false;
  }

  /** Pays for bytes that pass now. */
  pay(bytes: number): void {
    if (this.#bytesPerSecond > 0) this.#tokens -= bytes;
  }

  /** Pays for bytes that have passed without being held back, such as requests; this alone owes no more than a second. */
  payLater(bytes: number): void {
    this.#tokens -= Math.max(0, Math.min(bytes, this.#tokens + this.#mostDebt));
  }

  get #mostDebt(): number {
    return this.#bytesPerSecond;
  }

  #fill(): void {
    const nowMs = this.#now();
    const more = ((nowMs - this.#filledMs) / 1000) * this.#bytesPerSecond;
    this.#filledMs = nowMs;
    this.#tokens = Math.min(this.#tokens + more, this.#bytesPerSecond * BURST_SECONDS);
  }

  /** Gives turns to those that wait, as long as there is something to give. */
  #serve(): void {
    if (this.#bytesPerSecond > 0) this.#fill();
    for (const ready of this.#waiting) {
      if (this.#bytesPerSecond > 0 && this.#tokens <= 0) break;
      this.#waiting.delete(ready);
      this.#turn = ready;
      ready();
      this.#turn = undefined;
    }
    if (this.#waiting.size > 0) this.#wakeLater();
  }

  #wakeLater(): void {
    if (this.#timer !== undefined) return;
    const waitMs = ((1 - this.#tokens) / this.#bytesPerSecond) * 1000;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#serve();
      },
      Math.min(2 ** 31 - 1, Math.max(LEAST_WAIT_MS, Math.ceil(waitMs))),
    );
    this.#timer.unref();
  }
}
