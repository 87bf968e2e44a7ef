import type { EntryEvent } from './event-hub.ts';

const LOOK_EVERY_MS = 20;

/**
 * Holds `entry` events back until the published checkpoint covers their entry, so that whoever hears of an entry
 * finds it in the log.
 */
export class EntryTeller {
  readonly #published: () => number;
  readonly #tell: (event: EntryEvent) => void;
  readonly #held: EntryEvent[] = [];
  readonly #most: number;
  #timer: NodeJS.Timeout | undefined;

  /** `published` gives the size of the published tree; of more than `most` held events the oldest go first. */
  constructor(published: () => number, most: number, tell: (event: EntryEvent) => void) {
    this.#published = published;
    this.#most = most;
    this.#tell = tell;
  }

  add(event: EntryEvent): void {
    this.#held.push(event);
    if (this.#held.length > this.#most) this.#held.shift();
    this.#timer ??= setTimeout(() => this.#look(), LOOK_EVERY_MS);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#held.length = 0;
  }

  #look(): void {
    const size = this.#published();
    while ((this.#held[0]?.index ?? size) < size) this.#tell(this.#held.shift() as EntryEvent);
    this.#timer = this.#held.length === 0 ? undefined : setTimeout(() => this.#look(), LOOK_EVERY_MS);
  }
}
