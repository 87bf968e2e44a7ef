/**
 * A node of a log's tree that no later entry can change: level `l`, index `i` is
 * `MTH(D[i·2^l : (i+1)·2^l])` in the words of RFC 6962 §2.1. Level 0 holds the leaf hashes.
 */
export interface TreeNode {
  readonly level: number;
  readonly index: number;
}

/** The entries `from` (counted from 0) up to and without `to`. */
export interface LeafRange {
  readonly from: number;
  readonly to: number;
}

/** The largest power of two below `size`, for a size of at least 2: the `k` of RFC 6962 §2.1. */
export function splitPoint(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

/**
 * The fewest complete nodes that cover a subtree's range, left to right. `range.from` must be a multiple of
 * the smallest power of two that is not below the range's length: every range of a proof is.
 */
export function coveringNodes({ from, to }: LeafRange): TreeNode[] {
  const nodes: TreeNode[] = [];
  let start = from;
  for (let left = to - from; left > 0; ) {
    const level = floorLog2(left);
    const width = 2 ** level;
    nodes.push({ level, index: start / width });
    start += width;
    left -= width;
  }
  return nodes;
}

/** The exponent of the largest power of two that is not above `value` (at least 1, below 2^53). */
function floorLog2(value: number): number {
  const high = Math.floor(value / 2 ** 32);
  return high > 0 ? 63 - Math.clz32(high) : 31 - Math.clz32(value);
}
