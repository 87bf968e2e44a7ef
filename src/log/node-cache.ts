import { type ReadNodes, TILE_WIDTH, type TreeNode } from '../merkle/index.ts';

/** Nodes that are kept: those above the lowest tiles of a log of 16 million entries. */
const MOST = 131_072;
/** Lower ones are not kept: they come with the one tile that has to be read for an entry anyhow. */
const LEAST_LEVEL = Math.log2(TILE_WIDTH);

/**
 * Keeps complete nodes of a tree, which never change however it grows: of the tiles that an inclusion proof goes through,
 * all but the lowest are read and hashed once.
 */
export class NodeCache {
  readonly #kept = new Map<string, Uint8Array>();

  /** Reads nodes from here, and those that are missing by `read`. */
  over(read: ReadNodes): ReadNodes {
    return async (nodes) => {
      const missing = nodes.filter((node) => !this.#kept.has(nameOf(node)));
      const hashes = await read(missing);
      const found = new Map(missing.map((node, at) => [nameOf(node), hashes[at] as Uint8Array]));
      const answer = nodes.map(
        (node) => (found.get(nameOf(node)) ?? this.#kept.get(nameOf(node))) as Uint8Array,
      );
      for (const [at, node] of missing.entries()) this.#keep(node, hashes[at] as Uint8Array);
      return answer;
    };
  }

  #keep(node: TreeNode, hash: Uint8Array): void {
    if (node.level < LEAST_LEVEL) return;
    this.#kept.set(nameOf(node), hash);
    if (this.#kept.size <= MOST) return;
    const oldest = this.#kept.keys().next();
    if (oldest.done !== true) this.#kept.delete(oldest.value);
  }
}

function nameOf({ level, index }: TreeNode): string {
  return `${level}/${index}`;
}
