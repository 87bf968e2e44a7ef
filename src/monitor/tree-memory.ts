import { InternalError } from '../bytes/index.ts';
import { nodeHasher } from '../log/index.ts';
import { edgeNodes, GrowingTree, HASH_BYTES, proveInclusion, type TreeNode } from '../merkle/index.ts';

/** Bytes that a level grows by at first; then it doubles. */
const FIRST_BYTES = 256 * HASH_BYTES;

/** All complete nodes of a tree, about 64 bytes an entry, so that any older root and any proof can be computed. */
export class TreeMemory {
  readonly #levels: { bytes: Uint8Array; count: number }[] = [];
  readonly #tree = new GrowingTree(nodeHasher);

  get size(): number {
    return this.#tree.size;
  }

  root(): Uint8Array {
    return this.#tree.root();
  }

  /** Grows by leaf hashes, 32 bytes each, some to a piece. */
  append(leafHashes: readonly Uint8Array[]): void {
    for (const hash of single(leafHashes)) {
      this.#tree.append(hash, (level, index, node) => this.#put(level, index, node));
    }
  }

  /** The root that more entries, by such leaf hashes, would make. */
  rootWith(leafHashes: readonly Uint8Array[]): Uint8Array {
    const grown = new GrowingTree(
      nodeHasher,
      this.size,
      edgeNodes(this.size).map((node) => this.#node(node)),
    );
    for (const hash of single(leafHashes)) grown.append(hash);
    return grown.root();
  }

  leafHash(index: number): Uint8Array {
    return this.#node({ level: 0, index });
  }

  /** The root of the first `size` entries. */
  rootAt(size: number): Uint8Array {
    return new GrowingTree(
      nodeHasher,
      size,
      edgeNodes(size).map((node) => this.#node(node)),
    ).root();
  }

  proveInclusion(index: number, size: number): Promise<Uint8Array[]> {
    return proveInclusion(index, size, this.#read, nodeHasher);
  }

  readonly #read = (nodes: readonly TreeNode[]): Promise<Uint8Array[]> =>
    Promise.resolve(nodes.map((node) => this.#node(node)));

  #node({ level, index }: TreeNode): Uint8Array {
    const kept = this.#levels[level];
    if (kept === undefined || index >= kept.count)
      throw new InternalError(`node ${level}/${index} is not complete`);
    return kept.bytes.slice(index * HASH_BYTES, (index + 1) * HASH_BYTES);
  }

  #put(level: number, index: number, hash: Uint8Array): void {
    const kept = (this.#levels[level] ??= { bytes: new Uint8Array(FIRST_BYTES), count: 0 });
    if ((index + 1) * HASH_BYTES > kept.bytes.length) {
      const larger = new Uint8Array(kept.bytes.length * 2);
      larger.set(kept.bytes);
      kept.bytes = larger;
    }
    kept.bytes.set(hash, index * HASH_BYTES);
    kept.count = index + 1;
  }
}

function* single(pieces: readonly Uint8Array[]): Generator<Uint8Array> {
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; at += HASH_BYTES) yield piece.slice(at, at + HASH_BYTES);
  }
}
