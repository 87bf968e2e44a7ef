/**
 * Many may pass at once, or one alone. Whoever asks to be alone waits until those inside have left, and nobody
 * enters meanwhile, so that it is never kept waiting for ever.
 */
export class Gate {
  #inside = 0;
  /** Ends when the last one that was promised to be alone is through. */
  #alone: Promise<void> = Promise.resolve();
  #aloneCount = 0;
  #left: (() => void) | undefined;

  /** Runs `work` beside others that are shared. */
  async shared<Value>(work: () => Promise<Value>): Promise<Value> {
    while (this.#aloneCount > 0) await this.#alone;
    this.#inside += 1;
    try {
      return await work();
    } finally {
      this.#inside -= 1;
      if (this.#inside === 0) this.#left?.();
    }
  }

  /** Runs `work` while nobody else is inside. */
  async alone<Value>(work: () => Promise<Value>): Promise<Value> {
    const before = this.#alone;
    let done = (): void => {};
    this.#alone = new Promise<void>((resolve) => {
      done = resolve;
    });
    this.#aloneCount += 1;
    try {
      await before;
      if (this.#inside > 0) {
        await new Promise<void>((resolve) => {
          this.#left = resolve;
        });
        this.#left = undefined;
      }
      return await work();
    } finally {
      this.#aloneCount -= 1;
      done();
    }
  }
}
