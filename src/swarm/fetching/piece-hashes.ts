import { equalBytes, toHex } from '../../bytes/index.ts';
import { HASH_BYTES, hashAt } from '../../merkle/index.ts';
import type { HashRange } from '../../wire/index.ts';
import { fileHeight, type Layout, type LayoutFile } from '../layout.ts';
import { foldRange } from './block-tree.ts';

/** Hashes asked for in one request: what every client answers (BEP 52 asks for no more than 512). */
const CHUNK = 512;

/** One piece layer that is being put together. */
interface GrowingLayer {
  readonly file: LayoutFile;
  readonly hashes: Uint8Array;
  readonly known: boolean[];
}

/** A part of a piece layer that is still unknown. */
export interface MissingHashes {
  readonly file: LayoutFile;
  readonly range: HashRange;
}

/**
 * The hashes that pieces are checked against: pieces roots, piece layers, and layers that are fetched from peers
 * bit by bit, each bit proven up to its pieces root before it counts. Files with one root share one layer.
 */
export class PieceHashes {
  readonly #layout: Layout;
  readonly #whole: Map<string, Uint8Array>;
  readonly #growing = new Map<string, GrowingLayer>();

  /** `layers`: checked piece layers under their roots in hex, as far as they are known. */
  constructor(layout: Layout, layers: ReadonlyMap<string, Uint8Array>) {
    this.#layout = layout;
    this.#whole = new Map(layers);
    for (const file of layout.files) {
      if (file.pieceCount <= 1 || file.piecesRoot === undefined) continue;
      const root = toHex(file.piecesRoot);
      if (this.#whole.has(root) || this.#growing.has(root)) continue;
      const known = Array.from({ length: Math.ceil(file.pieceCount / CHUNK) }, () => false);
      this.#growing.set(root, { file, hashes: new Uint8Array(file.pieceCount * HASH_BYTES), known });
    }
  }

  /** Whether every piece's hash is known. */
  get isComplete(): boolean {
    return this.#growing.size === 0;
  }

  /** All piece layers, once they are complete. */
  get layers(): ReadonlyMap<string, Uint8Array> {
    return this.#whole;
  }

  /** The hash of a piece, or `undefined` while it is unknown. */
  of(pieceIndex: number): Uint8Array | undefined {
    const file = this.#layout.fileOf(pieceIndex);
    if (file.piecesRoot === undefined || file.pieceCount === 1) return file.piecesRoot;
    const root = toHex(file.piecesRoot);
    const inFile = pieceIndex - file.firstPiece;
    const whole = this.#whole.get(root);
    if (whole) return hashAt(whole, inFile);
    const growing = this.#growing.get(root);
    return growing?.known[Math.floor(inFile / CHUNK)] ? hashAt(growing.hashes, inFile) : undefined;
  }

  /** What is still to be asked for. */
  *missing(): Generator<MissingHashes, void> {
    for (const { file, known } of this.#growing.values()) {
      for (const [chunk, isKnown] of known.entries()) {
        if (!isKnown) yield { file, range: this.#rangeOf(file, chunk) };
      }
    }
  }

  /** Checks an answer to one of the ranges of {@link PieceHashes.missing} and keeps it; `false` when it is a lie. */
  accept({ file, range }: MissingHashes, answer: Uint8Array): boolean {
    const proven = foldRange(range, answer, file.pieceCount - range.index);
    const root = toHex(range.piecesRoot);
    if (!proven || proven.level !== fileHeight(file) || !equalBytes(proven.ancestor, range.piecesRoot))
      return false;
    const growing = this.#growing.get(root);
    if (!growing) return true;
    const count = Math.min(range.length, file.pieceCount - range.index);
    growing.hashes.set(proven.hashes.subarray(0, count * HASH_BYTES), range.index * HASH_BYTES);
    growing.known[Math.floor(range.index / CHUNK)] = true;
    if (growing.known.every(Boolean)) {
      this.#growing.delete(root);
      this.#whole.set(root, growing.hashes);
    }
    return true;
  }

  #rangeOf(file: LayoutFile, chunk: number): HashRange {
    const baseLayer = this.#layout.pieceHeight(file);
    const above = fileHeight(file) - baseLayer;
    const length = Math.min(CHUNK, 2 ** above);
    return {
      piecesRoot: file.piecesRoot as Uint8Array,
      baseLayer,
      index: chunk * CHUNK,
      length,
      proofLayers: length === 2 ** above ? 0 : above - 1,
    };
  }
}
