import { HASH_BYTES, LogTreeError, type LogTreeHasher } from './rfc6962-hash.ts';
import type { ReadNodes } from './rfc6962-prove.ts';
import type { TreeNode } from './rfc6962-range.ts';

/** Tree levels in one tile (C2SP tlog-tiles, "Merkle Tree"). */
export const TILE_HEIGHT = 8;
/** Hashes in a full tile, entries in a full bundle. */
export const TILE_WIDTH = 2 ** TILE_HEIGHT;

/**
 * A tile of the tree or (`level: 'entries'`) an entry bundle: the `index`-th of its level, with `width`
 * hashes or entries, 256 when it is full (C2SP tlog-tiles).
 */
export interface Tile {
  readonly level: number | 'entries';
  readonly index: number;
  readonly width: number;
}

/** A tile that holds hashes. */
export type HashTile = Tile & { readonly level: number };

/** How wide a tile is in a tree of `size` entries: 0 (it is not there) to 256 (full). */
export function tileWidthAt(level: number | 'entries', index: number, size: number): number {
  const hashes = Math.floor(size / TILE_WIDTH ** (level === 'entries' ? 0 : level));
  return Math.max(0, Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH));
}

/**
 * The tile in which a complete node can be computed, as wide as a tree of `size` entries has it, and the
 * hashes from which: `count` of them, from the `first` of the tile on.
 */
export function tileOfNode(
  { level, index }: TreeNode,
  size: number,
): { tile: HashTile; first: number; count: number } {
  const tileLevel = Math.floor(level / TILE_HEIGHT);
  const count = 2 ** (level % TILE_HEIGHT);
  const start = index * count;
  const tileIndex = Math.floor(start / TILE_WIDTH);
  const first = start - tileIndex * TILE_WIDTH;
  const width = tileWidthAt(tileLevel, tileIndex, size);
  if (first + count > width) {
    throw new LogTreeError(
      'bad-range',
      `node ${index} of level ${level} is not in a tree of ${size} entries`,
    );
  }
  return { tile: { level: tileLevel, index: tileIndex, width }, first, count };
}

/** Hashes above those of one tile, each computed once. */
class TileNodes {
  readonly #tile: Uint8Array;
  readonly #hasher: LogTreeHasher;
  /** Where in the binary tree above a full tile (1 is its root) → the hash. */
  readonly #known: (Uint8Array | undefined)[] = [];

  constructor(tile: Uint8Array, hasher: LogTreeHasher) {
    this.#tile = tile;
    this.#hasher = hasher;
  }

  /** The hash over `count` (a power of two) hashes of the tile, from the `first` on. */
  hash(first: number, count: number): Uint8Array {
    if (count === 1) return this.#tile.subarray(first * HASH_BYTES, (first + 1) * HASH_BYTES);
    const place = (TILE_WIDTH + first) / count;
    const half = count / 2;
    this.#known[place] ??= this.#hasher.node(this.hash(first, half), this.hash(first + half, half));
    return this.#known[place];
  }
}

/**
 * Reads nodes of the tree of the first `size` entries from its tiles; each tile is asked for once a
 * question, and hashed once for all of them if it is the same array. What comes back is as true as the tiles: only a
 * proof checked against a root makes it so. Throws `bad-tile` for a tile that has not `width · 32` bytes.
 */
export function tileNodeReader(
  size: number,
  readTile: (tile: HashTile) => Promise<Uint8Array>,
  hasher: LogTreeHasher,
): ReadNodes {
  const hashed = new WeakMap<Uint8Array, TileNodes>();
  return async (nodes) => {
    const places = nodes.map((node) => tileOfNode(node, size));
    const wanted = new Map(places.map(({ tile }) => [`${tile.level}/${tile.index}`, tile]));
    const tiles = new Map<string, Uint8Array>();
    for (const [name, tile] of wanted) {
      const bytes = await readTile(tile);
      if (bytes.length !== tile.width * HASH_BYTES) {
        throw new LogTreeError(
          'bad-tile',
          `tile ${tile.level}/${tile.index} of width ${tile.width} has ${bytes.length} bytes, not ${tile.width * HASH_BYTES}`,
        );
      }
      tiles.set(name, bytes);
    }
    return places.map(({ tile, first, count }) => {
      const bytes = tiles.get(`${tile.level}/${tile.index}`) as Uint8Array;
      const known = hashed.get(bytes) ?? new TileNodes(bytes, hasher);
      hashed.set(bytes, known);
      return known.hash(first, count);
    });
  };
}
