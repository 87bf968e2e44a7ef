import type { BlockTreeHasher } from './bep52-hash.ts';
import { type HashLayer, hashAt } from './bep52-layer.ts';
import { HASH_BYTES } from './rfc6962-hash.ts';

/**
 * The uncles of a node: the sibling of the node, of its parent, and so on, as a BEP 52 `hashes` message
 * carries them after its base layer.
 *
 * @param layers the layers from the node's own up to the root, as `layersUp` makes them
 * @param level level of the first of these layers, the node's own
 * @param index index of the node in its layer
 * @param count how many uncles, at most `layers.length - 1`
 */
export function unclesOf(
  layers: readonly HashLayer[],
  level: number,
  index: number,
  count: number,
  hasher: BlockTreeHasher,
): Uint8Array[] {
  const uncles: Uint8Array[] = [];
  let at = index;
  for (let step = 0; step < count; step += 1) {
    const layer = layers[step] as HashLayer;
    const sibling = at % 2 === 0 ? at + 1 : at - 1;
    uncles.push(sibling < layer.length / HASH_BYTES ? hashAt(layer, sibling) : hasher.pad(level + step));
    at = Math.floor(at / 2);
  }
  return uncles;
}

/** The ancestor that a node and its uncles lead to: the root when the uncles reach it. */
export function foldUncles(
  node: Uint8Array,
  index: number,
  uncles: readonly Uint8Array[],
  hasher: BlockTreeHasher,
): Uint8Array {
  let hash = node;
  let at = index;
  for (const uncle of uncles) {
    hash = at % 2 === 0 ? hasher.pair(hash, uncle) : hasher.pair(uncle, hash);
    at = Math.floor(at / 2);
  }
  return hash;
}
