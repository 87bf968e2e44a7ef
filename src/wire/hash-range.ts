import { MAXIMUM_HASHES } from './limits.ts';
import type { HashRange } from './message.ts';

/**
 * Whether a hash range can be answered: a power of two up to
 * {@link MAXIMUM_HASHES} hashes, at a multiple of itself, inside a tree of `layers` layers above its leaves.
 */
export function isHashRange(range: HashRange, layers: number): boolean {
  const { baseLayer, index, length, proofLayers } = range;
  const layersAbove = layers - baseLayer;
  return (
    layersAbove >= 1 &&
    isPowerOfTwo(length) &&
    length >= 2 &&
    length <= MAXIMUM_HASHES &&
    index % length === 0 &&
    index + length <= 2 ** layersAbove &&
    proofLayers < layersAbove
  );
}

/**
 * How many uncles follow the hashes of a range: one for each proof layer that cannot be computed from the range
 * itself, beginning with the sibling of the range's own root.
 */
export function uncleCount(range: HashRange): number {
  return Math.max(0, range.proofLayers - Math.log2(range.length) + 1);
}

/** Whether two ranges ask for the same hashes. */
export function isSameRange(left: HashRange, right: HashRange): boolean {
  return (
    left.baseLayer === right.baseLayer &&
    left.index === right.index &&
    left.length === right.length &&
    left.proofLayers === right.proofLayers &&
    left.piecesRoot.every((byte, at) => byte === right.piecesRoot[at])
  );
}

function isPowerOfTwo(value: number): boolean {
  return value > 0 && (value & (value - 1)) === 0;
}
