/** Those who wait for pieces to be here and verified. */
export class Arrivals {
  readonly #waiting = new Map<
    number,
    Set<{ readonly resolve: () => void; readonly reject: (error: Error) => void }>
  >();
  #failure: Error | undefined;

  /** Resolves when a piece is here. Rejects when the download fails or is left, or with the signal's reason. */
  async wait(pieceIndex: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#failure) throw this.#failure;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter = { resolve, reject };
    const abort = (): void => reject(signal.reason as Error);
    const waiters = this.#waiting.get(pieceIndex) ?? new Set();
    this.#waiting.set(pieceIndex, waiters.add(waiter));
    signal.addEventListener('abort', abort, { once: true });
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', abort);
      waiters.delete(waiter);
      if (waiters.size === 0) this.#waiting.delete(pieceIndex);
    }
  }

  /** A piece is here. */
  arrived(pieceIndex: number): void {
    for (const { resolve } of this.#waiting.get(pieceIndex) ?? []) resolve();
  }

  /** No more pieces come; later waits fail alike. */
  fail(error: Error): void {
    this.#failure ??= error;
    for (const waiters of this.#waiting.values()) for (const { reject } of waiters) reject(error);
  }
}
