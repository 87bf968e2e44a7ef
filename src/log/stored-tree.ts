import { equalBytes } from '../bytes/index.ts';
import {
  edgeNodes,
  GrowingTree,
  HASH_BYTES,
  LogTreeError,
  proveConsistency,
  type ReadNodes,
  TILE_WIDTH,
  tileNodeReader,
  verifyConsistency,
} from '../merkle/index.ts';
import type { Store } from '../store/index.ts';
import { LogError } from './errors.ts';
import { nodeHasher } from './hasher.ts';
import type { TreeHead } from './head.ts';
import { hashLeaf } from './leaf.ts';

/** The tree that a store holds, and the receipt time of its last entry. */
export interface StoredTree {
  readonly tree: GrowingTree;
  readonly timeMs: number;
}

/**
 * Computes the tree at the end of the store from its tiles, and checks that the entries of the last bundle are
 * those that it was made of. Throws `broken-tree`.
 */
export async function loadTree(store: Store): Promise<StoredTree> {
  const { size, timeMs } = await store.head();
  try {
    const edge = await nodesOf(store, size)(edgeNodes(size));
    await checkLastBundle(store, size);
    return { tree: new GrowingTree(nodeHasher, size, edge), timeMs };
  } catch (cause) {
    if (!(cause instanceof LogTreeError)) throw cause;
    throw new LogError('broken-tree', `the stored log of ${size} entries lacks hashes: ${cause.message}`, {
      cause,
    });
  }
}

/**
 * Proves from the store that `tree` extends a head signed before. Throws `older-tree` and `forked-tree`;
 * `place` says where the head was found.
 */
export async function checkExtends(
  store: Store,
  tree: TreeHead,
  signed: TreeHead,
  place: string,
): Promise<void> {
  if (tree.size < signed.size) {
    throw new LogError(
      'older-tree',
      `the stored log has ${tree.size} entries, but ${signed.size} were signed (${place}): the store is an old copy. ` +
        'Put back a newer one; to go on from this one would fork the log',
    );
  }
  const forked = (cause?: unknown): LogError =>
    new LogError(
      'forked-tree',
      `the stored log of ${tree.size} entries does not contain the tree of ${signed.size} that was signed (${place}): ` +
        'to sign it would fork the log',
      { cause },
    );
  const readNodes = nodesOf(store, tree.size);
  try {
    if (signed.size === 0) {
      const stored = new GrowingTree(nodeHasher, tree.size, await readNodes(edgeNodes(tree.size)));
      if (!equalBytes(signed.root, nodeHasher.empty) || !equalBytes(stored.root(), tree.root)) throw forked();
      return;
    }
    const proof = await proveConsistency(signed.size, tree.size, readNodes, nodeHasher);
    verifyConsistency(
      { oldSize: signed.size, oldRoot: signed.root, newSize: tree.size, newRoot: tree.root, proof },
      nodeHasher,
    );
  } catch (cause) {
    if (cause instanceof LogTreeError) throw forked(cause);
    throw cause;
  }
}

/** Reads nodes of the tree of the first `size` entries from the stored tiles. */
export function nodesOf(store: Store, size: number): ReadNodes {
  return tileNodeReader(
    size,
    ({ level, index, width }) => store.readHashes(level, index * TILE_WIDTH, index * TILE_WIDTH + width),
    nodeHasher,
  );
}

async function checkLastBundle(store: Store, size: number): Promise<void> {
  const start = Math.floor(Math.max(0, size - 1) / TILE_WIDTH) * TILE_WIDTH;
  const hashes = await store.readHashes(0, start, size);
  let at = start;
  while (at < size) {
    const entries = await store.readEntries(at, size);
    for (const entry of entries) {
      const offset = (at - start) * HASH_BYTES;
      const stored = hashes.subarray(offset, offset + HASH_BYTES);
      if (entry.index !== at || !equalBytes(hashLeaf(entry), stored)) {
        throw new LogError(
          'broken-tree',
          `entry ${at} of the stored log is not the one that its tree was made of`,
        );
      }
      at += 1;
    }
    if (entries.length === 0) throw new LogError('broken-tree', `entry ${at} of the stored log is missing`);
  }
}
