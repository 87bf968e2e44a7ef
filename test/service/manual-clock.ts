import type { Clock } from '../../src/service/clock.ts';

/**
 * A clock that stands still until it is told to go on. As with a real one, what is due already when it is asked for
 * comes at once: a test that goes on while somebody is about to set a timer has it fire all the same.
 */
export class ManualClock implements Clock {
  #nowMs: number;
  readonly #timers = new Set<{ readonly atMs: number; readonly action: () => void }>();

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, action: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, action };
    this.#timers.add(timer);
    if (delayMs <= 0) setImmediate(() => this.advance(0));
    return () => this.#timers.delete(timer);
  }

  /** Goes on at once, and calls what has become due. */
  advance(seconds: number): void {
    this.#nowMs += seconds * 1000;
    for (const timer of this.#timers) {
      if (timer.atMs > this.#nowMs) continue;
      this.#timers.delete(timer);
      timer.action();
    }
  }
}
