import { equalBytes } from '../../bytes/index.ts';
import { hashAt } from '../../merkle/index.ts';
import { SwarmError } from '../error.ts';
import type { HashPool } from '../hashing/hash-pool.ts';
import type { BlockSource } from './block-source.ts';
import type { Downloader } from './downloader.ts';
import type { PieceTransfer } from './piece-transfer.ts';

/** A longer piece is checked block by block even when it comes from one peer alone. */
const LARGE_PIECE_BYTES = 1024 * 1024;
/** Blocks that are hashed by one job while more are on their way. */
const BLOCKS_PER_JOB = 16;
/** Pieces whose block hashes are asked for at once. */
const MOST_ASKED = 8;
/** After so many pieces whose block hashes nobody gave, only every sixteenth piece's are asked for. */
const PATIENCE = 4;

export interface BlockCheckerParts {
  readonly pool: HashPool;
  readonly downloader: () => Downloader;
  /** The right block hashes of a piece from some peer, proven; `undefined` when nobody gives them. */
  readonly blockHashesOf: (pieceIndex: number) => Promise<Uint8Array | undefined>;
  readonly ban: (source: BlockSource, reason: SwarmError) => void;
}

/** What is known of one piece's blocks. */
interface Check {
  /** Hashes of its blocks, proven; `undefined` while they are asked for, and when nobody gives them. */
  leaves: Uint8Array | undefined;
  /** Blocks that are here and not being hashed. */
  waiting: Set<number>;
  /** Blocks that are here and right. */
  readonly right: Set<number>;
  /** How often each block came: what was hashed before it came anew says nothing. */
  readonly arrivals: Uint32Array;
  isBusy: boolean;
}

/**
 * Checks blocks before their piece is whole, where peers give block hashes (BEP 52, base layer 0): a wrong block names
 * its sender at once, and it alone is fetched again.
 *
 * Block hashes are asked for where that gains anything: for pieces of more than a megabyte, and for pieces that more
 * than one peer sends blocks of. A smaller piece of one peer is hashed within milliseconds of its last block, and
 * names its sender as well; to ask for each of those would make every seeder hash its content once more. A peer that
 * refuses costs one request; where all refuse, few are made.
 */
export class BlockChecker {
  readonly #parts: BlockCheckerParts;
  readonly #checks = new WeakMap<PieceTransfer, Check>();
  #asked = 0;
  #refusals = 0;

  constructor(parts: BlockCheckerParts) {
    this.#parts = parts;
  }

  /** A block came. */
  onBlock(transfer: PieceTransfer, block: number): void {
    if (!transfer.isMixed && transfer.length <= LARGE_PIECE_BYTES) return;
    const check = this.#checks.get(transfer) ?? this.#begin(transfer);
    if (!check) return;
    check.arrivals[block] = (check.arrivals[block] as number) + 1;
    check.right.delete(block);
    check.waiting.add(block);
    if (check.waiting.size >= BLOCKS_PER_JOB) this.#next(transfer, check);
  }

  /** What is proven of a piece: all its block hashes, and which of its blocks have theirs. */
  provenOf(
    transfer: PieceTransfer,
  ): { readonly leaves: Uint8Array; readonly right: ReadonlySet<number> } | undefined {
    const check = this.#checks.get(transfer);
    return check?.leaves && { leaves: check.leaves, right: check.right };
  }

  #begin(transfer: PieceTransfer): Check | undefined {
    if (this.#asked >= MOST_ASKED) return undefined;
    const check: Check = {
      leaves: undefined,
      waiting: new Set(),
      right: new Set(),
      arrivals: new Uint32Array(transfer.blockCount),
      isBusy: false,
    };
    for (let block = 0; block < transfer.blockCount; block += 1) {
      if (transfer.senderOf(block)) check.waiting.add(block);
    }
    this.#checks.set(transfer, check);
    if (this.#refusals < PATIENCE || transfer.pieceIndex % 16 === 0) void this.#ask(transfer, check);
    return check;
  }

  async #ask(transfer: PieceTransfer, check: Check): Promise<void> {
    this.#asked += 1;
    check.leaves = await this.#parts.blockHashesOf(transfer.pieceIndex);
    this.#asked -= 1;
    this.#refusals = check.leaves ? 0 : this.#refusals + 1;
    this.#next(transfer, check);
  }

  /** Hashes what waits, one job a piece at a time. */
  #next(transfer: PieceTransfer, check: Check): void {
    if (!check.leaves || check.isBusy || check.waiting.size === 0 || !this.#isOpen(transfer)) return;
    const blocks = [...check.waiting].filter((block) => transfer.senderOf(block));
    check.waiting = new Set();
    void this.#hash(transfer, check, check.leaves, blocks);
  }

  async #hash(
    transfer: PieceTransfer,
    check: Check,
    leaves: Uint8Array,
    blocks: readonly number[],
  ): Promise<void> {
    check.isBusy = true;
    const arrivals = check.arrivals.slice();
    try {
      const outcome = await this.#parts.pool.run({ kind: 'blocks', data: transfer.memory, blocks });
      if (outcome.kind !== 'leaves' || !this.#isCurrent(transfer)) return;
      const wrong: number[] = [];
      for (const [at, block] of blocks.entries()) {
        if (!transfer.senderOf(block) || check.arrivals[block] !== arrivals[block]) continue;
        if (equalBytes(hashAt(outcome.leaves, at), hashAt(leaves, block))) check.right.add(block);
        else wrong.push(block);
      }
      if (wrong.length > 0 && this.#isOpen(transfer)) this.#refetch(transfer, wrong);
    } catch {
      // The pool was closed, or its thread died: who checks the whole piece tells it.
    } finally {
      check.isBusy = false;
    }
    if (check.waiting.size >= BLOCKS_PER_JOB) this.#next(transfer, check);
  }

  #refetch(transfer: PieceTransfer, wrong: readonly number[]): void {
    const downloader = this.#parts.downloader();
    const liars = new Set(wrong.map((block) => transfer.senderOf(block)));
    transfer.forget(wrong);
    downloader.picker.pieces.reopen(transfer);
    for (const liar of liars) {
      if (!liar) continue;
      const text = `${liar.name} sent a wrong block of piece ${transfer.pieceIndex}`;
      this.#parts.ban(liar, new SwarmError('peer-lied', text));
    }
    downloader.fillAll();
  }

  #isCurrent(transfer: PieceTransfer): boolean {
    return this.#parts.downloader().picker.transfers.get(transfer.pieceIndex) === transfer;
  }

  /** Whether a piece is still being fetched: once it is whole it is checked as such. */
  #isOpen(transfer: PieceTransfer): boolean {
    return !transfer.isSealed && this.#isCurrent(transfer);
  }
}
