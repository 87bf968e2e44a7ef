/** Lets one loop sleep until something happens, or until some time has passed. */
export class Wake {
  #happened = false;
  #end: (() => void) | undefined;

  /** Ends the present sleep, or the next one before it begins. */
  poke(): void {
    this.#happened = true;
    this.#end?.();
  }

  /** Sleeps for so long at most; an abort ends it too, without an error. */
  async sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (!this.#happened && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const end = (): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', end);
          this.#end = undefined;
          resolve();
        };
        const timer = setTimeout(end, milliseconds);
        signal.addEventListener('abort', end);
        this.#end = end;
      });
    }
    this.#happened = false;
  }
}
