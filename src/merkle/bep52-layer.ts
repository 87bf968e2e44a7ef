import type { BlockTreeHasher } from './bep52-hash.ts';
import { HASH_BYTES } from './rfc6962-hash.ts';

/**
 * One layer of a file's tree: its 32-byte hashes one after the other, only those that cover data. What is
 * missing to the tree's width is padding. Level 0 is the hashes of the blocks.
 */
export type HashLayer = Uint8Array;

/** The layer one level above a layer at `level`; an odd last hash is joined with padding. */
export function layerAbove(layer: HashLayer, level: number, hasher: BlockTreeHasher): Uint8Array {
  const count = layer.length / HASH_BYTES;
  const above = new Uint8Array(Math.ceil(count / 2) * HASH_BYTES);
  const even = count - (count % 2);
  hasher.pairs(layer.subarray(0, even * HASH_BYTES), above);
  if (even < count) above.set(hasher.pair(hashAt(layer, even), hasher.pad(level)), (even / 2) * HASH_BYTES);
  return above;
}

/**
 * All layers from a layer at `level` up to the root at `height`, the given one first. It must not be empty,
 * nor wider than `2 ** (height - level)` hashes.
 */
export function layersUp(
  layer: HashLayer,
  level: number,
  height: number,
  hasher: BlockTreeHasher,
): HashLayer[] {
  const layers = [layer];
  for (let at = level; at < height; at += 1) {
    layers.push(layerAbove(layers[layers.length - 1] as HashLayer, at, hasher));
  }
  return layers;
}

/** Root at `height` of the tree above a layer at `level`, which must not be empty nor wider than the tree. */
export function layerRoot(
  layer: HashLayer,
  level: number,
  height: number,
  hasher: BlockTreeHasher,
): Uint8Array {
  let top = layer;
  for (let at = level; at < height; at += 1) top = layerAbove(top, at, hasher);
  return top.subarray(0, HASH_BYTES);
}

/** The hash at an index of a layer: a view. */
export function hashAt(layer: HashLayer, index: number): Uint8Array {
  return layer.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
}
