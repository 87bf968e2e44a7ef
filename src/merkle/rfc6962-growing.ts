import { InternalError } from '../bytes/index.ts';
import { HASH_BYTES, type LogTreeHasher } from './rfc6962-hash.ts';
import { coveringNodes, type TreeNode } from './rfc6962-range.ts';

/** Called with each node that an append completes, the leaf itself first, then upwards. */
export type OnNode = (level: number, index: number, hash: Uint8Array) => void;

/**
 * A log's tree that only grows. It keeps the roots of the complete subtrees at its right edge, at most 53
 * hashes (the "compact range" of transparency-dev/merkle), which is all that an append needs.
 *
 * @example
 * const tree = new GrowingTree(hasher);
 * tree.append(hasher.leaf(entry));
 * tree.root(); // MTH of one entry: its leaf hash
 */
export class GrowingTree {
  readonly #hasher: LogTreeHasher;
  /** Roots of the complete subtrees, largest first: one for each bit set in `#size`. */
  readonly #edge: Uint8Array[];
  #size: number;

  /** An empty tree, or one that goes on from `size` with the hashes of {@link edgeNodes} in their order. */
  constructor(hasher: LogTreeHasher, size = 0, edge: readonly Uint8Array[] = []) {
    if (edge.length !== edgeNodes(size).length) {
      throw new InternalError(
        `a tree of ${size} entries has ${edgeNodes(size).length} edge hashes, not ${edge.length}`,
      );
    }
    this.#hasher = hasher;
    this.#size = size;
    this.#edge = [...edge];
  }

  get size(): number {
    return this.#size;
  }

  /** Adds one entry by its leaf hash (32 bytes). */
  append(leafHash: Uint8Array, onNode?: OnNode): void {
    if (leafHash.length !== HASH_BYTES) throw new InternalError(`a leaf hash of ${leafHash.length} bytes`);
    let hash = leafHash;
    let index = this.#size;
    onNode?.(0, index, hash);
    for (let level = 1; index % 2 === 1; level += 1) {
      const left = this.#edge.pop();
      if (left === undefined)
        throw new InternalError(`the edge of a tree of ${this.#size} entries is too short`);
      hash = this.#hasher.node(left, hash);
      index = (index - 1) / 2;
      onNode?.(level, index, hash);
    }
    this.#edge.push(hash);
    this.#size += 1;
  }

  /** The Merkle tree hash of all entries so far (RFC 6962 §2.1). */
  root(): Uint8Array {
    return this.#edge.length === 0 ? this.#hasher.empty : foldEdge(this.#edge, this.#hasher);
  }

  /** A tree of the same entries that grows apart from this one. */
  copy(): GrowingTree {
    return new GrowingTree(this.#hasher, this.#size, this.#edge);
  }
}

/** The complete nodes at the right edge of a tree, left to right: what {@link GrowingTree} goes on from. */
export function edgeNodes(size: number): TreeNode[] {
  return coveringNodes({ from: 0, to: size });
}

/** The hash of a range from the hashes of its {@link coveringNodes}: the right ones are joined first. */
export function foldEdge(hashes: readonly Uint8Array[], hasher: LogTreeHasher): Uint8Array {
  let folded = hashes.at(-1);
  if (folded === undefined) throw new InternalError('an empty range has no hash');
  for (let at = hashes.length - 2; at >= 0; at -= 1) folded = hasher.node(hashes[at] as Uint8Array, folded);
  return folded;
}
