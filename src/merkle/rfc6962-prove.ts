import { foldEdge } from './rfc6962-growing.ts';
import { checkSize, LogTreeError, type LogTreeHasher } from './rfc6962-hash.ts';
import { coveringNodes, type LeafRange, splitPoint, type TreeNode } from './rfc6962-range.ts';

/** Reads complete nodes of a tree, from wherever they lie; the answer is in the order of the question. */
export type ReadNodes = (nodes: readonly TreeNode[]) => Promise<readonly Uint8Array[]>;

/**
 * The inclusion proof of one entry in the tree of the first `size` entries: `PATH(index, D[size])` of
 * RFC 6962 §2.1.1, hashes of 32 bytes from the leaf upwards. `readNodes` is asked once, for at most 106
 * nodes. Throws `bad-range` unless `index < size`.
 */
export async function proveInclusion(
  index: number,
  size: number,
  readNodes: ReadNodes,
  hasher: LogTreeHasher,
): Promise<Uint8Array[]> {
  checkSize('tree size', size);
  checkSize('entry index', index);
  if (index >= size) {
    throw new LogTreeError('bad-range', `entry ${index} is not in a tree of ${size} entries`);
  }
  const ranges: LeafRange[] = [];
  let from = 0;
  let to = size;
  while (to - from > 1) {
    const middle = from + splitPoint(to - from);
    if (index < middle) {
      ranges.push({ from: middle, to });
      to = middle;
    } else {
      ranges.push({ from, to: middle });
      from = middle;
    }
  }
  return hashesOf(ranges.reverse(), readNodes, hasher);
}

/**
 * The proof that the tree of the first `newSize` entries extends the one of the first `oldSize`:
 * `PROOF(oldSize, D[newSize])` of RFC 6962 §2.1.2. `readNodes` is asked once. Throws `bad-range` unless
 * `0 < oldSize ≤ newSize`: the empty tree is the start of every tree, which needs no proof.
 */
export async function proveConsistency(
  oldSize: number,
  newSize: number,
  readNodes: ReadNodes,
  hasher: LogTreeHasher,
): Promise<Uint8Array[]> {
  checkSize('old tree size', oldSize);
  checkSize('new tree size', newSize);
  if (oldSize === 0 || oldSize > newSize) {
    throw new LogTreeError(
      'bad-range',
      `no tree of ${newSize} entries can be proved to extend one of ${oldSize}`,
    );
  }
  const ranges: LeafRange[] = [];
  let from = 0;
  let to = newSize;
  while (to > oldSize) {
    const middle = from + splitPoint(to - from);
    if (oldSize <= middle) {
      ranges.push({ from: middle, to });
      to = middle;
    } else {
      ranges.push({ from, to: middle });
      from = middle;
    }
  }
  if (from > 0) ranges.push({ from, to }); // the verifier knows the old root itself, and only that
  return hashesOf(ranges.reverse(), readNodes, hasher);
}

async function hashesOf(
  ranges: readonly LeafRange[],
  readNodes: ReadNodes,
  hasher: LogTreeHasher,
): Promise<Uint8Array[]> {
  const cover = ranges.map(coveringNodes);
  const hashes = await readNodes(cover.flat());
  let start = 0;
  return cover.map((nodes) => {
    const part = hashes.slice(start, start + nodes.length);
    start += nodes.length;
    return foldEdge(part, hasher);
  });
}
