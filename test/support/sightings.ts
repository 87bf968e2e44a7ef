/** What comes one by one and is waited for: lines of a program, announces to a tracker. */
export class Sightings<T> {
  readonly seen: T[] = [];
  readonly #waiting = new Set<() => void>();

  add(sight: T): void {
    this.seen.push(sight);
    for (const check of this.#waiting) check();
  }

  /** The first that fits, of those before and those to come; rejects when none has come in so many milliseconds. */
  when(wanted: (sight: T) => boolean, patienceMs: number, ended?: Promise<unknown>): Promise<T> {
    return new Promise((resolve, reject) => {
      const give = (word: string) => () => reject(new Error(`${word}: ${JSON.stringify(this.seen)}`));
      const timer = setTimeout(give('nothing such came'), patienceMs);
      const check = (): void => {
        const found = this.seen.find((sight) => wanted(sight));
        if (found === undefined) return;
        clearTimeout(timer);
        this.#waiting.delete(check);
        resolve(found);
      };
      this.#waiting.add(check);
      check();
      void ended?.then(give('it ended'));
    });
  }
}
