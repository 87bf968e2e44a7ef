/** The most keys that stand in one part of a list. */
const MOST_IN_PART = 512;

/** Keys with the entries that put them there, side by side. */
interface Part {
  readonly indices: number[];
  readonly keys: string[];
}

/**
 * Who waits for the lot, in order of the entry that let them, then of their keys. In parts, so that to come and to go
 * costs little however many there are, and all of them are at hand at once when a draw begins.
 */
export class WaitingList {
  readonly #parts: Part[] = [];

  add(key: string, index: number): void {
    if (this.#parts.length === 0) this.#parts.push({ indices: [], keys: [] });
    const at = this.#partOf(key, index);
    const part = this.#parts[at] as Part;
    const place = placeIn(part, key, index);
    part.indices.splice(place, 0, index);
    part.keys.splice(place, 0, key);
    if (part.keys.length <= MOST_IN_PART) return;
    const half = MOST_IN_PART >> 1;
    this.#parts.splice(at + 1, 0, { indices: part.indices.splice(half), keys: part.keys.splice(half) });
  }

  remove(key: string, index: number): void {
    const at = this.#partOf(key, index);
    const part = this.#parts[at];
    if (part === undefined) return;
    const place = placeIn(part, key, index);
    if (part.indices[place] !== index || part.keys[place] !== key) return;
    part.indices.splice(place, 1);
    part.keys.splice(place, 1);
    if (part.keys.length === 0) this.#parts.splice(at, 1);
  }

  /** The keys that an entry before `index` put there, in order. */
  before(index: number): string[] {
    const whole = new Array<string>().concat(...this.#parts.map(({ keys }) => keys));
    let from = whole.length;
    for (let at = this.#parts.length - 1; at >= 0; at -= 1) {
      const part = this.#parts[at] as Part;
      const early = placeIn(part, '', index);
      from -= part.keys.length - early;
      if (early > 0) break;
    }
    whole.length = from;
    return whole;
  }

  /** The part where a key stands or would: the last that does not begin after it. */
  #partOf(key: string, index: number): number {
    let low = 0;
    let high = this.#parts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      const { indices, keys } = this.#parts[middle] as Part;
      if (isBefore(index, key, indices[0] as number, keys[0] as string)) high = middle - 1;
      else low = middle;
    }
    return low;
  }
}

/** How many of a part stand before a key. */
function placeIn({ indices, keys }: Part, key: string, index: number): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(indices[middle] as number, keys[middle] as string, index, key)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isBefore(index: number, key: string, otherIndex: number, otherKey: string): boolean {
  return index < otherIndex || (index === otherIndex && key < otherKey);
}
