/** Where somebody reads: pieces from `first` to before `end` are wanted at once, in this order. */
export class ReadWindow {
  first: number;
  end: number;
  /** Since when the reader waits for `first`; `undefined` while it does not. */
  waitingSinceMs: number | undefined;

  constructor(first: number, end: number) {
    this.first = first;
    this.end = end;
  }
}

/** A block that a reader waits for is asked of a second peer after so long. */
const LATE_MS = 400;

/** The windows of all readers of one download: what is needed soon goes before what is rare. */
export class Urgency {
  readonly #windows = new Set<ReadWindow>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether anybody reads. */
  get isOn(): boolean {
    return this.#windows.size > 0;
  }

  add(window: ReadWindow): void {
    this.#windows.add(window);
  }

  remove(window: ReadWindow): void {
    this.#windows.delete(window);
  }

  has(pieceIndex: number): boolean {
    for (const { first, end } of this.#windows) if (pieceIndex >= first && pieceIndex < end) return true;
    return false;
  }

  /**
   * The piece needed soonest for which `accepts` holds, or -1: the first of each window, then the second of each. It
   * is told how many pieces are before this one, and whether somebody has been waiting for it for too long.
   */
  find(accepts: (pieceIndex: number, ahead: number, isLate: boolean) => boolean): number {
    const nowMs = this.#now();
    for (let ahead = 0, isMore = true; isMore; ahead += 1) {
      isMore = false;
      for (const { first, end, waitingSinceMs } of this.#windows) {
        if (first + ahead >= end) continue;
        isMore = true;
        const isLate = ahead === 0 && nowMs - (waitingSinceMs ?? Number.POSITIVE_INFINITY) > LATE_MS;
        if (accepts(first + ahead, ahead, isLate)) return first + ahead;
      }
    }
    return -1;
  }
}
