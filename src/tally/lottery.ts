import { concatBytes } from '../bytes/index.ts';
import type { Sha256Function } from '../statement/browser.ts';

/**
 * Items in the order that a seed shuffles them to (Fisher and Yates), one after another: place `j` goes to the item at
 * `j + SHA-256(seed ‖ j as u32, big-endian)[0..6] mod (n − j)` of what is left. Costs one hash a place, however many items
 * there are. `items` stand in an order that everybody computes alike, such as sorted, and do not change meanwhile.
 */
export class Lot {
  readonly #sha256: Sha256Function;
  readonly #seed: Uint8Array;
  readonly #items: readonly string[];
  /** Places whose item was exchanged: the shuffle without a copy of all items. */
  readonly #moved = new Map<number, string>();
  #place = 0;

  constructor(sha256: Sha256Function, seed: Uint8Array, items: readonly string[]) {
    this.#sha256 = sha256;
    this.#seed = seed;
    this.#items = items;
  }

  /** The next item; undefined when all were drawn. */
  next(): string | undefined {
    const place = this.#place;
    const left = this.#items.length - place;
    if (left <= 0) return undefined;
    const chosen = place + (lotNumber(this.#sha256, this.#seed, place) % left);
    const drawn = this.#at(chosen);
    this.#moved.set(chosen, this.#at(place) ?? '');
    this.#moved.delete(place);
    this.#place += 1;
    return drawn;
  }

  #at(place: number): string | undefined {
    return this.#moved.get(place) ?? this.#items[place];
  }
}

/** The first `count` of {@link Lot}. */
export function drawLots(
  sha256: Sha256Function,
  seed: Uint8Array,
  items: readonly string[],
  count: number,
): string[] {
  const lot = new Lot(sha256, seed, items);
  const drawn: string[] = [];
  for (let left = count; left > 0; left -= 1) {
    const item = lot.next();
    if (item === undefined) break;
    drawn.push(item);
  }
  return drawn;
}

/** A number below 2^48 that a seed gives for a place: `SHA-256(seed ‖ place as u32, big-endian)[0..6]`. */
export function lotNumber(sha256: Sha256Function, seed: Uint8Array, place: number): number {
  const number = new Uint8Array(4);
  new DataView(number.buffer).setUint32(0, place);
  const bytes = sha256(concatBytes(seed, number));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.getUint16(0) * 0x1_0000_0000 + view.getUint32(2);
}
