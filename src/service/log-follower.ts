import type { Log } from '../log/index.ts';
import type { StoredEntry } from '../store/index.ts';

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
  readonly #log: Log;
  readonly #take: (entry: StoredEntry) => void;
  readonly #failed: (error: unknown) => void;
  readonly #waiters = new Set<Waiter>();
  readonly #unsubscribe: () => void;
  #size = 0;
  #reading: Promise<void> | undefined;
  #fault: { readonly error: unknown } | undefined;

  /** `failed` is called once when the log cannot be read or an entry not be taken; then nothing more is read. */
  constructor(log: Log, take: (entry: StoredEntry) => void, failed: (error: unknown) => void) {
    this.#log = log;
    this.#take = take;
    this.#failed = failed;
    this.#unsubscribe = log.onAppend(() => this.#wake());
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
      if (this.#size < this.#log.size) this.#wake();
    });
  }

  async #read(): Promise<void> {
    try {
      while (this.#size < this.#log.size) {
        for await (const entry of this.#log.readEntries(this.#size)) {
          this.#take(entry);
          this.#size += 1;
        }
        this.#answer();
      }
    } catch (error) {
      this.#fault = { error };
      for (const { reject } of this.#waiters) reject(error);
      this.#waiters.clear();
      this.#failed(error);
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
