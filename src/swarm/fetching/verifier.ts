import type { Metainfo } from '../../torrent/index.ts';
import type { Content } from '../disk/content.ts';
import { diskError } from '../disk/disk-error.ts';
import { inconsistent, pieceJob } from '../disk/piece-job.ts';
import { SwarmError } from '../error.ts';
import type { HashJob, HashOutcome } from '../hashing/hash-job.ts';
import type { HashPool } from '../hashing/hash-pool.ts';
import type { Layout } from '../layout.ts';
import { type FailedPiece, findLiars, noteFailure } from './blame.ts';
import type { BlockChecker } from './block-checker.ts';
import type { BlockSource } from './block-source.ts';
import type { Downloader } from './downloader.ts';
import type { PieceHashes } from './piece-hashes.ts';
import type { PieceTransfer } from './piece-transfer.ts';

/** Most failed pieces that are remembered until they come right. */
const MAXIMUM_FAILURES = 64;
/** More is not asked for while so much waits to be hashed: it would be cold in the processor's cache by its turn. */
const MOST_WAITING_BYTES = 4 * 1024 * 1024;

export interface VerifierParts {
  readonly metainfo: Metainfo;
  readonly layout: Layout;
  readonly hashes: PieceHashes;
  readonly content: Content;
  readonly pool: HashPool;
  readonly downloader: () => Downloader;
  /** The right block hashes of a piece from some peer, proven; `undefined` when nobody gives them. */
  readonly blockHashesOf: (pieceIndex: number) => Promise<Uint8Array | undefined>;
  /** What is proven of a piece already, block by block. */
  readonly provenOf: BlockChecker['provenOf'];
  readonly onRight: (transfer: PieceTransfer) => void;
  readonly ban: (source: BlockSource, reason: SwarmError) => void;
  /** The download cannot go on. */
  readonly fail: (error: SwarmError) => void;
}

/**
 * Checks whole pieces in the hashing thread, which also writes them. A wrong piece names its sender: at once when all
 * of it came from one peer, by the block hashes that some peer proves when it came from several, and where nobody
 * gives those, by fetching the piece again from one peer alone and comparing.
 */
export class Verifier {
  readonly #parts: VerifierParts;
  readonly #failures = new Map<number, FailedPiece>();
  #waitingBytes = 0;
  /** Pieces that were wrong. */
  failureCount = 0;

  constructor(parts: VerifierParts) {
    this.#parts = parts;
  }

  /** Whether more waits to be checked than should: to ask for more now would only fill memory. */
  get isBehind(): boolean {
    return this.#waitingBytes > MOST_WAITING_BYTES;
  }

  /** Checks a piece whose blocks are all here. Never rejects. */
  async check(transfer: PieceTransfer): Promise<void> {
    try {
      const outcome = await this.#hash(transfer);
      if (outcome.kind === 'right') this.#right(transfer, outcome.leaves);
      else if (outcome.kind === 'wrong') await this.#wrong(transfer, outcome.leaves);
      else this.#parts.fail(this.#fatal(transfer, outcome));
    } catch (cause) {
      this.#parts.fail(
        cause instanceof SwarmError
          ? cause
          : new SwarmError('disk', `piece ${transfer.pieceIndex}: ${(cause as Error).message}`, { cause }),
      );
    }
  }

  async #hash(transfer: PieceTransfer): Promise<HashOutcome> {
    const { layout, content, pool } = this.#parts;
    const { file, position } = layout.place(transfer.pieceIndex);
    this.#waitingBytes += transfer.length;
    const lease = await content.borrow(file, 'write');
    try {
      return await pool.run(this.#job(transfer, { fd: lease.fd, position }));
    } finally {
      this.#waitingBytes -= transfer.length;
      lease.release();
    }
  }

  #job(transfer: PieceTransfer, write: { fd: number; position: number }): HashJob {
    const { pieceIndex, memory, blockCount } = transfer;
    const job = pieceJob(this.#parts, pieceIndex, memory);
    const proven = this.#parts.provenOf(transfer);
    const unchecked = [];
    if (proven) {
      for (let block = 0; block < blockCount; block += 1) if (!proven.right.has(block)) unchecked.push(block);
    }
    return {
      ...job,
      wantsLeaves: this.#failures.has(pieceIndex),
      write,
      ...(proven && { proven: { leaves: proven.leaves, unchecked } }),
    };
  }

  #right(transfer: PieceTransfer, leaves: Uint8Array | undefined): void {
    const failed = this.#failures.get(transfer.pieceIndex);
    this.#failures.delete(transfer.pieceIndex);
    if (failed && leaves) this.#banLiars(failed, leaves, transfer.pieceIndex);
    this.#parts.onRight(transfer);
  }

  async #wrong(transfer: PieceTransfer, leaves: Uint8Array): Promise<void> {
    this.failureCount += 1;
    const failed = noteFailure(transfer, leaves);
    const downloader = this.#parts.downloader();
    const [only, ...others] = transfer.senders;
    const proven = this.#parts.provenOf(transfer);
    if (proven) {
      transfer.forget(this.#banLiars(failed, proven.leaves, transfer.pieceIndex));
      downloader.picker.pieces.reopen(transfer);
    } else if (only && others.length === 0) {
      transfer.forget(Array(transfer.blockCount).keys());
      downloader.picker.pieces.reopen(transfer);
      this.#ban(only, transfer.pieceIndex);
    } else {
      const right = await this.#parts.blockHashesOf(transfer.pieceIndex);
      if (right) {
        transfer.forget(this.#banLiars(failed, right, transfer.pieceIndex));
        downloader.picker.pieces.reopen(transfer);
      } else {
        if (this.#failures.size < MAXIMUM_FAILURES) this.#failures.set(transfer.pieceIndex, failed);
        downloader.picker.pieces.restart(transfer);
      }
    }
    downloader.fillAll();
  }

  #banLiars(failed: FailedPiece, right: Uint8Array, pieceIndex: number): readonly number[] {
    const { blocks, liars } = findLiars(failed, right);
    for (const liar of liars) this.#ban(liar, pieceIndex);
    return blocks;
  }

  #ban(source: BlockSource, pieceIndex: number): void {
    this.#parts.ban(
      source,
      new SwarmError('peer-lied', `${source.name} sent a wrong block of piece ${pieceIndex}`),
    );
  }

  #fatal(transfer: PieceTransfer, outcome: HashOutcome): SwarmError {
    const { layout, content, metainfo } = this.#parts;
    if (outcome.kind !== 'failed') return inconsistent(metainfo.infoHashV2, transfer.pieceIndex);
    const path = content.pathOf(layout.fileOf(transfer.pieceIndex));
    return diskError(path, 'written', { code: outcome.errorCode, message: outcome.message });
  }
}
