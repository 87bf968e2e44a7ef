import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { concatBytes } from '../bytes/index.ts';
import { hashRows, rowsOf, sha256 } from '../sha256/index.ts';
import { CONTROL, type HashPlan, pieceLevel, SHA256_BYTES, STATS_PER_FILE, UNIT_BYTES } from './hash-plan.ts';
import { Sha1Pieces } from './sha1-pieces.ts';

const BLOCK_BYTES = 16_384;
/** Where data lands in a page decides up to 30 % of the speed: Node puts large buffers at page offset 16. */
const ALIGNMENT_SLACK = 112;

/** Neither a link nor a pipe that came into the file's place is followed or waited for. */
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Why a file could not be hashed. */
export type UnitProblem = 'changed' | 'unreadable';

/** A file that could not be hashed; crosses threads as a plain message. */
export class UnitError extends Error {
  readonly fileIndex: number;
  readonly problem: UnitProblem;

  constructor(fileIndex: number, problem: UnitProblem, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.fileIndex = fileIndex;
    this.problem = problem;
  }
}

/**
 * Hashes units of a plan, on the main thread or in a worker: each has one. It reads a megabyte at a time into
 * one buffer of its own, and joins the hashes of blocks to those of pieces in place.
 */
export class UnitHasher {
  readonly #plan: HashPlan;
  readonly #buffer: Buffer;
  readonly #blocks: readonly Uint8Array[] | undefined;
  readonly #nodes: Buffer;
  readonly #pairs: readonly Uint8Array[] | undefined;
  readonly #pads: readonly Uint8Array[];
  readonly #level: number;
  readonly #sha1: Sha1Pieces | undefined;

  constructor(plan: HashPlan) {
    this.#plan = plan;
    this.#buffer = Buffer.allocUnsafeSlow(UNIT_BYTES + ALIGNMENT_SLACK).subarray(ALIGNMENT_SLACK);
    this.#blocks = rowsOf(this.#buffer.subarray(0, UNIT_BYTES), BLOCK_BYTES);
    const blocksPerUnit = plan.unitBytes / BLOCK_BYTES;
    this.#nodes = Buffer.allocUnsafeSlow((blocksPerUnit + 1) * SHA256_BYTES);
    this.#pairs = rowsOf(this.#nodes, 2 * SHA256_BYTES);
    this.#level = pieceLevel(plan.pieceLength);
    this.#sha1 = plan.sha1 ? new Sha1Pieces(plan, this.#buffer) : undefined;
    this.#pads = padHashes(Math.max(this.#level, Math.log2(blocksPerUnit)));
  }

  /** Claims and hashes one unit. Returns whether there may be more. Throws a {@link UnitError}. */
  hashNext(): boolean {
    const { control, units } = this.#plan;
    if (Atomics.load(control, CONTROL.stop) !== 0) return false;
    const unit = Atomics.add(control, CONTROL.nextUnit, 1);
    if (unit >= units) return false;
    this.#hashUnit(unit);
    return true;
  }

  #hashUnit(unit: number): void {
    const plan = this.#plan;
    const file = plan.fileOfUnit[unit] as number;
    const start = (plan.indexOfUnit[unit] as number) * plan.unitBytes;
    const sizeBytes = plan.stats[file * STATS_PER_FILE] as number;
    const length = Math.min(plan.unitBytes, sizeBytes - start);
    const handle = this.#open(file);
    try {
      this.#hashRange(handle, file, start, length);
      this.#mustBeUnchanged(handle, file);
    } finally {
      closeSync(handle);
    }
    const firstPiece = (plan.firstPiece[file] as number) + start / plan.pieceLength;
    const nodes = this.#joinNodes(Math.ceil(length / BLOCK_BYTES), sizeBytes > plan.pieceLength);
    plan.hashes.set(this.#nodes.subarray(0, nodes * SHA256_BYTES), firstPiece * SHA256_BYTES);
    Atomics.add(plan.progress, 0, BigInt(length));
  }

  /** Reads a range, writes the hashes of its blocks to `#nodes`, and its SHA-1s to the plan. */
  #hashRange(handle: number, file: number, start: number, length: number): void {
    this.#sha1?.begin(file, start);
    for (let done = 0; done < length; done += UNIT_BYTES) {
      const size = Math.min(UNIT_BYTES, length - done);
      this.#read(handle, file, start + done, size);
      const hashesAt = (done / BLOCK_BYTES) * SHA256_BYTES;
      hashRows(this.#buffer.subarray(0, size), BLOCK_BYTES, this.#nodes, hashesAt, this.#blocks);
      this.#sha1?.add(size, done + size === length);
    }
  }

  /**
   * Joins the hashes of blocks to those of pieces or, for a file of at most one piece, to its root, whose tree
   * is only as high as the file needs (BEP 52). Returns how many hashes are left.
   */
  #joinNodes(blocks: number, toPieces: boolean): number {
    let count = blocks;
    for (let level = 0; toPieces ? level < this.#level : count > 1; level += 1) {
      if (count % 2 === 1) this.#nodes.set(this.#pads[level] as Uint8Array, count * SHA256_BYTES);
      count = Math.ceil(count / 2);
      const below = this.#nodes.subarray(0, 2 * count * SHA256_BYTES);
      hashRows(below, 2 * SHA256_BYTES, this.#nodes, 0, this.#pairs);
    }
    return count;
  }

  #open(file: number): number {
    try {
      return openSync(this.#plan.paths[file] as string, FLAGS);
    } catch (cause) {
      throw new UnitError(file, 'unreadable', cause);
    }
  }

  #read(handle: number, file: number, position: number, size: number): void {
    let filled = 0;
    while (filled < size) {
      let read: number;
      try {
        read = readSync(handle, this.#buffer, filled, size - filled, position + filled);
      } catch (cause) {
        throw new UnitError(file, 'unreadable', cause);
      }
      if (read === 0) throw new UnitError(file, 'changed', 'it became shorter');
      filled += read;
    }
  }

  #mustBeUnchanged(handle: number, file: number): void {
    const stats = fstatSync(handle);
    const at = file * STATS_PER_FILE;
    const expected = this.#plan.stats;
    if (
      stats.size !== expected[at] ||
      stats.mtimeMs !== expected[at + 1] ||
      stats.ctimeMs !== expected[at + 2]
    ) {
      throw new UnitError(file, 'changed', 'its size or times are other than before');
    }
  }
}

/** Roots of subtrees without blocks, by level. */
function padHashes(levels: number): Uint8Array[] {
  const pads: Uint8Array[] = [new Uint8Array(SHA256_BYTES)];
  while (pads.length <= levels) {
    const below = pads[pads.length - 1] as Uint8Array;
    pads.push(sha256(concatBytes(below, below)));
  }
  return pads;
}
