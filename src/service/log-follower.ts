import type { Log } from '../log/index.ts';
import { type VerifiedEnvelope, verifyInOrder } from '../statement/index.ts';
import type { StoredEntry } from '../store/index.ts';

export interface LogFollowerParts {
  readonly log: Log;
  /** Verifies an entry's envelope; many are asked for at once. */
  readonly verify: (entry: StoredEntry) => VerifiedEnvelope | Promise<VerifiedEnvelope>;
  readonly take: (entry: StoredEntry, verified: VerifiedEnvelope) => void;
  /** Called once when the log cannot be read, or an entry not be verified or taken; then nothing more is read. */
  readonly failed: (error: unknown) => void;
}

interface Waiter {
  readonly size: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Reads a log from its first entry on, each entry once and in order, and goes on as it grows. Whoever appends
 * waits with {@link upTo} until its entry was taken in.
 */
export class LogFollower {
  readonly #parts: LogFollowerParts;
  readonly #waiters = new Set<Waiter>();
  readonly #unsubscribe: () => void;
  #size = 0;
  #reading: Promise<void> | undefined;
  #fault: { readonly error: unknown } | undefined;

  constructor(parts: LogFollowerParts) {
    this.#parts = parts;
    this.#unsubscribe = parts.log.onAppend(() => this.#wake());
  }

  /** Resolves when the first `size` entries were taken in. */
  upTo(size: number): Promise<void> {
    if (this.#size >= size) return Promise.resolve();
    return new Promise((resolve, reject) => {
      if (this.#fault !== undefined) {
        reject(this.#fault.error);
        return;
      }
      this.#waiters.add({ size, resolve, reject });
      this.#wake();
    });
  }

  /** Ends the reading after the entry that is being taken in. */
  async close(): Promise<void> {
    this.#unsubscribe();
    await this.#reading;
  }

  #wake(): void {
    if (this.#fault !== undefined) return;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
      // An entry that came after the last look and before this line has woken nobody.
      if (this.#size < this.#parts.log.size) this.#wake();
    });
  }

  async #read(): Promise<void> {
    const { log, verify, take, failed } = this.#parts;
    try {
      while (this.#size < log.size) {
        for await (const { item, verified } of verifyInOrder(log.readEntries(this.#size), verify)) {
          take(item, verified);
          this.#size += 1;
        }
        this.#answer();
      }
    } catch (error) {
      this.#fault = { error };
      for (const { reject } of this.#waiters) reject(error);
      this.#waiters.clear();
      failed(error);
    }
  }

  #answer(): void {
    for (const waiter of this.#waiters) {
      if (waiter.size > this.#size) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }
}
