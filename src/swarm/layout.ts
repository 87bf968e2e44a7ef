import { InternalError } from '../bytes/index.ts';
import { BLOCK_BYTES, treeHeight } from '../merkle/index.ts';
import type { Bitfield } from './bitfield.ts';

/** A file of the content, and which pieces are its own: in BEP 52 no piece spans two files. */
export interface LayoutFile {
  readonly index: number;
  readonly path: readonly string[];
  readonly sizeBytes: number;
  readonly executable: boolean;
  /** Root of its tree; `undefined` for an empty file. */
  readonly piecesRoot: Uint8Array | undefined;
  readonly firstPiece: number;
  readonly pieceCount: number;
}

/** A piece's place: its file, its first byte there, and how many bytes of data it has. */
export interface PiecePlace {
  readonly file: LayoutFile;
  readonly position: number;
  readonly length: number;
}

export type LayoutSource = readonly {
  readonly path: readonly string[];
  readonly sizeBytes: number;
  readonly executable: boolean;
  readonly piecesRoot?: Uint8Array | undefined;
}[];

/**
 * How a torrent's pieces lie over its files (BEP 52). The numbers are those of the v1 swarm of a hybrid too: its pad
 * files fill each file up to a piece's end, so they only lengthen pieces by zeros that are nowhere on disk.
 */
export class Layout {
  readonly files: readonly LayoutFile[];
  readonly pieceLength: number;
  readonly pieceCount: number;
  readonly blocksPerPiece: number;
  readonly sizeBytes: number;
  /** Files that have pieces, in order. */
  readonly #filled: readonly LayoutFile[];

  constructor(pieceLength: number, source: LayoutSource) {
    this.pieceLength = pieceLength;
    this.blocksPerPiece = pieceLength / BLOCK_BYTES;
    let nextPiece = 0;
    let sizeBytes = 0;
    this.files = source.map(({ path, sizeBytes: size, executable, piecesRoot }, index) => {
      const pieceCount = Math.ceil(size / pieceLength);
      const firstPiece = nextPiece;
      nextPiece += pieceCount;
      sizeBytes += size;
      return { index, path, sizeBytes: size, executable, piecesRoot, firstPiece, pieceCount };
    });
    this.pieceCount = nextPiece;
    this.sizeBytes = sizeBytes;
    this.#filled = this.files.filter((file) => file.pieceCount > 0);
  }

  /** The file that a piece belongs to. */
  fileOf(pieceIndex: number): LayoutFile {
    let low = 0;
    let high = this.#filled.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#filled[middle] as LayoutFile).firstPiece <= pieceIndex) low = middle;
      else high = middle - 1;
    }
    const file = this.#filled[low];
    if (!file || pieceIndex < 0 || pieceIndex >= this.pieceCount) {
      throw new InternalError(`piece ${pieceIndex} is none of ${this.pieceCount}`);
    }
    return file;
  }

  /** Where the data of a piece stands. */
  place(pieceIndex: number): PiecePlace {
    const file = this.fileOf(pieceIndex);
    const position = (pieceIndex - file.firstPiece) * this.pieceLength;
    return { file, position, length: Math.min(this.pieceLength, file.sizeBytes - position) };
  }

  /** Bytes of content in some pieces. */
  bytesIn(pieces: Bitfield): number {
    if (pieces.isFull) return this.sizeBytes;
    let sum = 0;
    for (const { firstPiece, pieceCount, sizeBytes } of this.#filled) {
      for (let at = 0; at < pieceCount; at += 1) {
        if (pieces.has(firstPiece + at)) sum += Math.min(this.pieceLength, sizeBytes - at * this.pieceLength);
      }
    }
    return sum;
  }

  /**
   * Levels of the tree below a piece's hash: down from `pieceLength`, or from the file's own root when the file is
   * not longer than a piece (BEP 52, "pieces root").
   */
  pieceHeight(file: LayoutFile): number {
    return file.pieceCount > 1 ? treeHeight(this.blocksPerPiece) : fileHeight(file);
  }
}

/** Levels of a file's tree above its blocks. */
export function fileHeight(file: LayoutFile): number {
  return treeHeight(Math.ceil(file.sizeBytes / BLOCK_BYTES));
}
