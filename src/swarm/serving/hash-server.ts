import { concatBytes, toHex } from '../../bytes/index.ts';
import { HASH_BYTES, type HashLayer, hashAt, layersUp } from '../../merkle/index.ts';
import { blockTree } from '../../sha256/index.ts';
import { type HashRange, isHashRange, uncleCount } from '../../wire/index.ts';
import type { Content } from '../disk/content.ts';
import type { HashPool } from '../hashing/hash-pool.ts';
import { fileHeight, type Layout, type LayoutFile } from '../layout.ts';

/** Most blocks that are read and hashed for one request, unless one piece has more. */
const MAXIMUM_BLOCKS = 512;
/** Pieces of which the block hashes, and files of which the upper layers, are kept for the next request. */
const KEPT = 32;

/** What a {@link HashServer} answers from. */
export interface HashSource {
  readonly layout: Layout;
  readonly content: Content;
  readonly pool: HashPool;
  /** Piece layers by hex of the pieces root. */
  readonly layers: () => ReadonlyMap<string, Uint8Array>;
  readonly has: (pieceIndex: number) => boolean;
}

/**
 * Answers hash requests (BEP 52): upper layers from the piece layers, block hashes by reading the pieces again. What
 * it reads is proven by the tree, so that a file changed underneath gives hashes that convince nobody.
 */
export class HashServer {
  readonly #source: HashSource;
  readonly #files = new Map<string, LayoutFile>();
  readonly #leaves = new Map<number, Uint8Array>();
  readonly #upper = new Map<string, readonly HashLayer[]>();

  constructor(source: HashSource) {
    this.#source = source;
    for (const file of source.layout.files) {
      if (file.piecesRoot) this.#files.set(toHex(file.piecesRoot), file);
    }
  }

  /** The hashes and uncles of a range, or `undefined` when it is to be rejected. Throws when a read fails. */
  async answer(range: HashRange): Promise<Uint8Array | undefined> {
    const file = this.#files.get(toHex(range.piecesRoot));
    if (!file || !isHashRange(range, fileHeight(file))) return undefined;
    const upper = this.#upperLayers(file);
    if (!upper) return undefined;
    const pieceHeight = this.#source.layout.pieceHeight(file);
    const lower = range.baseLayer < pieceHeight ? await this.#lowerLayers(file, range, pieceHeight) : [];
    if (!lower) return undefined;
    const nodeAt = (level: number, index: number): Uint8Array => {
      const [layer, from] = level < pieceHeight ? (lower[level] as Lower) : [upper[level - pieceHeight], 0];
      const at = index - from;
      const isData = layer !== undefined && at >= 0 && at < layer.length / HASH_BYTES;
      return isData ? hashAt(layer, at) : blockTree.pad(level);
    };
    const parts: Uint8Array[] = [];
    for (let at = 0; at < range.length; at += 1) parts.push(nodeAt(range.baseLayer, range.index + at));
    let node = range.index / range.length;
    const top = range.baseLayer + Math.log2(range.length);
    for (let step = 0; step < uncleCount(range); step += 1) {
      parts.push(nodeAt(top + step, node % 2 === 0 ? node + 1 : node - 1));
      node = Math.floor(node / 2);
    }
    return concatBytes(...parts);
  }

  /** Layers from the piece hashes up to the root; `undefined` while the piece hashes are unknown. */
  #upperLayers(file: LayoutFile): readonly HashLayer[] | undefined {
    const root = file.piecesRoot as Uint8Array;
    if (file.pieceCount === 1) return [root];
    const name = toHex(root);
    const kept = this.#upper.get(name);
    const layer = this.#source.layers().get(name);
    if (kept || !layer) return kept;
    const layers = layersUp(layer, this.#source.layout.pieceHeight(file), fileHeight(file), blockTree);
    return keep(this.#upper, name, layers);
  }

  /** Layers below the piece hashes over the pieces that a range needs, each with the index it starts at. */
  async #lowerLayers(file: LayoutFile, range: HashRange, pieceHeight: number): Promise<Lower[] | undefined> {
    const { layout, has } = this.#source;
    const blocksPerPiece = 2 ** pieceHeight;
    const firstBlock = range.index * 2 ** range.baseLayer;
    const blocks = range.length * 2 ** range.baseLayer;
    if (blocks > Math.max(MAXIMUM_BLOCKS, blocksPerPiece)) return undefined;
    const firstPiece = Math.floor(firstBlock / blocksPerPiece);
    const endPiece = Math.min(file.pieceCount, Math.ceil((firstBlock + blocks) / blocksPerPiece));
    const parts: Uint8Array[] = [];
    for (let piece = firstPiece; piece < endPiece; piece += 1) {
      const pieceIndex = file.firstPiece + piece;
      if (!has(pieceIndex)) return undefined;
      parts.push(
        this.#leaves.get(pieceIndex) ?? keep(this.#leaves, pieceIndex, await this.#hash(pieceIndex)),
      );
    }
    if (parts.length === 0) return Array.from({ length: pieceHeight }, () => [new Uint8Array(0), 0]);
    const layers = layersUp(concatBytes(...parts), 0, pieceHeight, blockTree);
    return layers
      .slice(0, layout.pieceHeight(file))
      .map((layer, level) => [layer, firstPiece * 2 ** (pieceHeight - level)]);
  }

  async #hash(pieceIndex: number): Promise<Uint8Array> {
    const { file, position, length } = this.#source.layout.place(pieceIndex);
    const lease = await this.#source.content.borrow(file, 'read');
    try {
      const outcome = await this.#source.pool.run({ kind: 'leaves', fd: lease.fd, position, length });
      if (outcome.kind === 'leaves') return outcome.leaves;
      throw new Error(outcome.kind === 'failed' ? outcome.message : outcome.kind);
    } finally {
      lease.release();
    }
  }
}

type Lower = readonly [layer: HashLayer, startsAt: number];

/** Keeps a value under a key, and forgets the oldest one when there are too many. */
function keep<Key, Value>(map: Map<Key, Value>, key: Key, value: Value): Value {
  map.set(key, value);
  if (map.size > KEPT) {
    const [oldest] = map.keys();
    map.delete(oldest as Key);
  }
  return value;
}
