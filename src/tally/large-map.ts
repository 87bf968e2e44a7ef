/** Parts of a map; a power of two. */
const PARTS = 128;
/** Letters of a key's end that choose its part: keys are hex digests, or names that end in a version. */
const LETTERS = 2;

/**
 * A map of texts that grows a little at a time. A `Map` that doubles moves all it holds at once, which takes
 * milliseconds from some ten thousand keys on; here a key's end chooses one of many small ones, of which each
 * doubles for itself. Whoever makes up keys that end alike gets a common `Map`, no worse.
 */
export class LargeMap<Value> implements Iterable<[string, Value]> {
  readonly #parts: (Map<string, Value> | undefined)[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: string): Value | undefined {
    return this.#parts[partOf(key)]?.get(key);
  }

  has(key: string): boolean {
    return this.#parts[partOf(key)]?.has(key) === true;
  }

  set(key: string, value: Value): void {
    const at = partOf(key);
    let part = this.#parts[at];
    if (part === undefined) {
      part = new Map();
      this.#parts[at] = part;
    }
    this.#size -= part.size;
    part.set(key, value);
    this.#size += part.size;
  }

  delete(key: string): void {
    if (this.#parts[partOf(key)]?.delete(key) === true) this.#size -= 1;
  }

  /** All there is, in no order that means anything. */
  *[Symbol.iterator](): Iterator<[string, Value]> {
    for (const part of this.#parts) {
      if (part !== undefined) yield* part;
    }
  }
}

function partOf(key: string): number {
  let number = 0;
  for (let at = Math.max(0, key.length - LETTERS); at < key.length; at += 1) {
    number = Math.imul(number, 31) + key.charCodeAt(at);
  }
  return number & (PARTS - 1);
}
