import { BLOCK_BYTES } from '../merkle/index.ts';
import type { DiskFile } from './disk-file.ts';

export interface PlanOptions {
  /** Bytes of a piece. */
  readonly pieceLength: number;
  /** Whether each piece is hashed by SHA-1 as well, as hybrids need it. */
  readonly sha1: boolean;
  /** Whether a file's last piece is filled up with zeros for SHA-1. */
  readonly padded: (fileIndex: number) => boolean;
}

/**
 * The work of hashing some files, in memory that all threads share. A *unit* is a run of whole pieces of one
 * file, at least {@link UNIT_BYTES} long unless the file ends: threads claim units one after the other.
 */
export interface HashPlan {
  readonly pieceLength: number;
  readonly unitBytes: number;
  readonly sha1: boolean;
  readonly paths: readonly string[];
  /** Units in all. */
  readonly units: number;
  /** For each unit its file, and which of the file's units it is. */
  readonly fileOfUnit: Uint32Array;
  readonly indexOfUnit: Uint32Array;
  /** For each file: size, modification and status change (ms) as they must still be. */
  readonly stats: Float64Array;
  /** For each file, whether its last piece is padded for SHA-1. */
  readonly padded: Uint8Array;
  /** For each file, the index of its first piece: of its hashes in `hashes` and `sha1Hashes`. */
  readonly firstPiece: Uint32Array;
  /** SHA-256: the piece layer of a file longer than a piece, else its pieces root. */
  readonly hashes: Uint8Array;
  /** SHA-1 of each piece, in the order of the files; empty without `sha1`. */
  readonly sha1Hashes: Uint8Array;
  /** {@link CONTROL}: the next unit to claim, and whether to stop. */
  readonly control: Int32Array;
  /** Bytes hashed so far. */
  readonly progress: BigInt64Array;
}

export const CONTROL = { nextUnit: 0, stop: 1 } as const;
export const STATS_PER_FILE = 3;
export const SHA256_BYTES = 32;
export const SHA1_BYTES = 20;
/** One read. */
export const UNIT_BYTES = 1024 * 1024;

/** Lays out the work. Memory: about 52 bytes a piece, 100 bytes a file, 8 bytes a unit. */
export function planHashing(files: readonly DiskFile[], options: PlanOptions): HashPlan {
  const { pieceLength, sha1 } = options;
  const unitBytes = Math.max(pieceLength, UNIT_BYTES);
  const count = files.length;
  const unitsOf = (file: DiskFile): number => Math.ceil(file.sizeBytes / unitBytes);
  const units = files.reduce((sum, file) => sum + unitsOf(file), 0);
  const pieces = files.reduce((sum, file) => sum + Math.ceil(file.sizeBytes / pieceLength), 0);
  const plan: HashPlan = {
    pieceLength,
    unitBytes,
    sha1,
    paths: files.map((file) => file.diskPath),
    units,
    fileOfUnit: new Uint32Array(new SharedArrayBuffer(units * 4)),
    indexOfUnit: new Uint32Array(new SharedArrayBuffer(units * 4)),
    stats: new Float64Array(new SharedArrayBuffer(count * STATS_PER_FILE * 8)),
    padded: new Uint8Array(new SharedArrayBuffer(count)),
    firstPiece: new Uint32Array(new SharedArrayBuffer(count * 4)),
    hashes: new Uint8Array(new SharedArrayBuffer(pieces * SHA256_BYTES)),
    sha1Hashes: new Uint8Array(new SharedArrayBuffer(sha1 ? pieces * SHA1_BYTES : 0)),
    control: new Int32Array(new SharedArrayBuffer(8)),
    progress: new BigInt64Array(new SharedArrayBuffer(8)),
  };
  let unit = 0;
  let piece = 0;
  for (const [index, file] of files.entries()) {
    plan.stats.set([file.sizeBytes, file.mtimeMs, file.ctimeMs], index * STATS_PER_FILE);
    plan.padded[index] = options.padded(index) ? 1 : 0;
    plan.firstPiece[index] = piece;
    piece += Math.ceil(file.sizeBytes / pieceLength);
    for (let own = 0; own < unitsOf(file); own += 1) {
      plan.fileOfUnit[unit] = index;
      plan.indexOfUnit[unit] = own;
      unit += 1;
    }
  }
  return plan;
}

/** Levels of the tree inside one piece. */
export function pieceLevel(pieceLength: number): number {
  return Math.log2(pieceLength / BLOCK_BYTES);
}
