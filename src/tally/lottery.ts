import { concatBytes } from '../bytes/index.ts';
import type { Sha256Function } from '../statement/browser.ts';

/**
 * The first `count` of `items` in the order that a seed shuffles them to (Fisher and Yates): place `j` goes to the
 * item at `j + SHA-256(seed ‖ j as u32, big-endian)[0..6] mod (n − j)` of what is left. Costs one hash a place,
 * however many items there are. `items` stand in an order that everybody computes alike, such as sorted.
 */
export function drawLots(
  sha256: Sha256Function,
  seed: Uint8Array,
  items: readonly string[],
  count: number,
): string[] {
  const drawn: string[] = [];
  // Places whose item was exchanged: the shuffle without a copy of all items.
  const moved = new Map<number, string>();
  const at = (place: number) => moved.get(place) ?? items[place] ?? '';
  for (let place = 0; place < Math.min(count, items.length); place += 1) {
    const chosen = place + (lotNumber(sha256, seed, place) % (items.length - place));
    drawn.push(at(chosen));
    moved.set(chosen, at(place));
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
