import type { SignedHead } from './head.ts';

interface Waiter {
  readonly size: number;
  readonly resolve: (head: SignedHead) => void;
}

/** The head that everybody may see, and who waits for it to grow. */
export class PublishedHead {
  readonly #waiters = new Set<Waiter>();
  #head: SignedHead;

  constructor(head: SignedHead) {
    this.#head = head;
  }

  get head(): SignedHead {
    return this.#head;
  }

  set(head: SignedHead): void {
    this.#head = head;
    for (const waiter of this.#waiters) {
      if (waiter.size > head.size) continue;
      this.#waiters.delete(waiter);
      waiter.resolve(head);
    }
  }

  /** The first head seen with at least so many entries. Rejects with the signal's reason. */
  reach(size: number, signal: AbortSignal): Promise<SignedHead> {
    if (this.#head.size >= size) return Promise.resolve(this.#head);
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const giveUp = (): void => {
        this.#waiters.delete(waiter);
        reject(signal.reason as Error);
      };
      const waiter: Waiter = {
        size,
        resolve: (head) => {
          signal.removeEventListener('abort', giveUp);
          resolve(head);
        },
      };
      this.#waiters.add(waiter);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }
}
