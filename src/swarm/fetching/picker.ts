import { BLOCK_BYTES } from '../../merkle/index.ts';
import type { Layout } from '../layout.ts';
import type { BlockSource } from './block-source.ts';
import { PieceTransfer } from './piece-transfer.ts';
import { Rarity } from './rarity.ts';
import { type Run, Runs, type RunWish } from './runs.ts';
import type { Slots } from './slots.ts';
import type { Supplier } from './supplier.ts';
import { Urgency } from './urgency.ts';

/** A block to ask a peer for. */
export interface Pick {
  readonly transfer: PieceTransfer;
  readonly block: number;
}

/** In the endgame a peer is asked for few blocks at a time: most of them come twice. */
export const ENDGAME_ROOM = 16;
/** A peer that owes no more than this is asked for blocks that a reader waits for and others owe. */
const LATE_ROOM = 64;
/** So many of a reader's next pieces get the memory of pieces that nobody reads, and come from no slow peer. */
const HURRIED_PIECES = 2;
/** A web seed reaches a piece soon that is no more than so many behind the one it is at. */
const SOON_PIECES = 2;

export interface PickerParts {
  readonly layout: Layout;
  readonly slots: Slots;
  readonly isWanted: (pieceIndex: number) => boolean;
  /** Whether a piece can be checked, that is, whether its hash is known. */
  readonly isReady: (pieceIndex: number) => boolean;
  readonly now: () => number;
  /** From 0 to below 1. */
  readonly random: () => number;
}

/**
 * Chooses blocks: first what somebody reads, then those of the pieces a peer has begun, then of pieces that others left, then the rarest piece
 * that has a free slot, then of pieces set aside for web seeds, then it helps others, and in the end asks for what
 * others owe (endgame). A piece so comes from one peer where it can, and a wrong one names its sender.
 */
export class Picker {
  readonly rarity: Rarity;
  readonly transfers = new Map<number, PieceTransfer>();
  /** Pieces that are set aside for web seeds. */
  readonly runs: Runs;
  /** What is needed soon. */
  readonly urgency: Urgency;
  /** Bytes of pieces that had to make room for urgent ones. */
  evictedBytes = 0;
  readonly #layout: Layout;
  readonly #slots: Slots;
  /** Pieces that nobody fetches any more. */
  readonly #orphans = new Set<PieceTransfer>();
  /** Pieces that shall come from one source alone. */
  readonly #suspect = new Set<number>();
  readonly #isReady: (pieceIndex: number) => boolean;
  readonly #begun = new Map<Supplier, Set<PieceTransfer>>();

  constructor({ layout, slots, isWanted, isReady, now, random }: PickerParts) {
    this.#layout = layout;
    this.#slots = slots;
    this.#isReady = isReady;
    this.rarity = new Rarity(layout.pieceCount, isWanted, random);
    this.runs = new Runs(layout, this.rarity, isReady);
    this.urgency = new Urgency(now);
  }

  /**
   * The next block for a peer, marked as asked for; `undefined` when there is nothing for it. While its piece has free
   * blocks, those that follow may be asked of it at once, without choosing anew.
   *
   * @param isAlone there is no other peer, so that nobody owes what this one does not
   */
  next(supplier: Supplier, isAlone: boolean): Pick | undefined {
    return (
      (this.urgency.isOn ? this.#fromUrgent(supplier) : undefined) ??
      this.#fromOwn(supplier) ??
      this.#fromOrphans(supplier) ??
      this.#fromNew(supplier) ??
      this.#fromOthers(supplier) ??
      (isAlone ? undefined : this.#fromEndgame(supplier))
    );
  }

  /** A peer is gone, or takes no requests: what it began is for others. */
  abandon(supplier: Supplier): void {
    for (const transfer of this.#begun.get(supplier) ?? []) this.#disown(transfer);
    this.#begun.delete(supplier);
  }

  /** Begins a piece in a slot that the caller took, for a web seed; no block of it is free then. */
  begin(pieceIndex: number, slot: number, source: BlockSource): PieceTransfer {
    const transfer = this.#begin(pieceIndex, slot);
    askAll(transfer, source);
    return transfer;
  }

  /** Gives a web seed a piece that others left. */
  adopt(source: BlockSource, accepts: (pieceIndex: number) => boolean): PieceTransfer | undefined {
    for (const transfer of this.#orphans) {
      if (!transfer.hasFree || !accepts(transfer.pieceIndex)) continue;
      this.#orphans.delete(transfer);
      askAll(transfer, source);
      return transfer;
    }
    return undefined;
  }

  /** A piece for a web seed that others fetch too slowly, if there is any (endgame). */
  findSlow(source: BlockSource, accepts: (pieceIndex: number) => boolean): PieceTransfer | undefined {
    for (const transfer of this.transfers.values()) {
      if (transfer.isExclusive || transfer.isWhole || transfer.owner === source) continue;
      if (accepts(transfer.pieceIndex)) return transfer;
    }
    return undefined;
  }

  /** A web seed sends no more of a piece: it is for others. */
  disown(transfer: PieceTransfer, source: BlockSource): void {
    if (this.transfers.get(transfer.pieceIndex) !== transfer || transfer.owner !== source) return;
    this.#disown(transfer);
  }

  /** A piece is here and right. */
  finish(transfer: PieceTransfer): void {
    this.#suspect.delete(transfer.pieceIndex);
    this.#drop(transfer);
  }

  /** A piece is wrong and nobody can say which block: all of it is fetched again, from one peer. */
  restart(transfer: PieceTransfer): void {
    this.#suspect.add(transfer.pieceIndex);
    this.#drop(transfer);
    this.rarity.add(transfer.pieceIndex);
  }

  /** Blocks of a piece are free again. */
  reopen(transfer: PieceTransfer): void {
    if (transfer.owner === undefined) this.#orphans.add(transfer);
  }

  #disown(transfer: PieceTransfer): void {
    transfer.owner = undefined;
    if (transfer.isExclusive && !transfer.isSealed) transfer.forget(Array(transfer.blockCount).keys());
    this.#orphans.add(transfer);
  }

  #drop(transfer: PieceTransfer): void {
    this.transfers.delete(transfer.pieceIndex);
    this.#orphans.delete(transfer);
    for (const begun of this.#begun.values()) begun.delete(transfer);
    this.#slots.give(transfer.slot);
  }

  /** Sets the piece that is needed soonest and what follows aside for a web seed. */
  takeUrgent({ source, hasFile, mostPieces }: RunWish): Run | undefined {
    const pieceIndex = this.urgency.find((piece) => {
      if (!hasFile(this.#layout.fileOf(piece))) return false;
      const holder = this.runs.holderOf(piece);
      if (holder) return holder.source !== source && piece - holder.next > SOON_PIECES;
      return this.rarity.has(piece) && this.#isReady(piece);
    });
    if (pieceIndex < 0) return undefined;
    this.runs.cut(pieceIndex);
    return this.runs.takeAt(source, this.#layout.fileOf(pieceIndex), pieceIndex, mostPieces);
  }

  #fromUrgent(supplier: Supplier): Pick | undefined {
    let found: Pick | undefined;
    this.urgency.find((piece, ahead, isLate) => {
      const isForFaster = supplier.isSlow && ahead < HURRIED_PIECES && !isLate;
      if (isForFaster || !canSupply(supplier, piece)) return false;
      const transfer = this.transfers.get(piece) ?? this.#beginUrgent(supplier, piece, ahead, isLate);
      found = transfer && this.#fromWanted(supplier, transfer, isLate);
      return found !== undefined;
    });
    return found;
  }

  /** A free block of an urgent piece, or, when it is late, one that somebody else owes. */
  #fromWanted(supplier: Supplier, transfer: PieceTransfer, isLate: boolean): Pick | undefined {
    if (transfer.isWhole) return undefined;
    if (transfer.owner === undefined && transfer.hasFree) {
      this.#orphans.delete(transfer);
      this.#own(supplier, transfer);
    }
    if (transfer.isExclusive && transfer.owner !== supplier.peer) return undefined;
    if (transfer.hasFree) return pick(transfer);
    return isLate && supplier.load < LATE_ROOM ? this.#askedOfOthers(supplier, transfer) : undefined;
  }

  #beginUrgent(
    supplier: Supplier,
    pieceIndex: number,
    ahead: number,
    isLate: boolean,
  ): PieceTransfer | undefined {
    if (!this.#isReady(pieceIndex)) return undefined;
    if (!this.rarity.has(pieceIndex)) {
      const holder = this.runs.holderOf(pieceIndex);
      if (!holder || (pieceIndex - holder.next <= SOON_PIECES && !isLate)) return undefined;
      this.runs.cut(pieceIndex);
    }
    if (this.#slots.available === 0 && ahead < HURRIED_PIECES) this.#evict();
    const slot = this.#slots.take();
    if (slot === undefined) return undefined;
    const transfer = this.#begin(pieceIndex, slot);
    this.#own(supplier, transfer);
    return transfer;
  }

  /** Gives up the piece of which least is here and that nobody reads: its memory is needed. */
  #evict(): void {
    let least: PieceTransfer | undefined;
    for (const transfer of this.transfers.values()) {
      if (transfer.isSealed || transfer.isExclusive || this.urgency.has(transfer.pieceIndex)) continue;
      if (!least || transfer.blocksHere < least.blocksHere) least = transfer;
    }
    if (!least) return;
    least.stopWriters();
    this.evictedBytes += least.blocksHere * BLOCK_BYTES;
    this.#drop(least);
    this.rarity.add(least.pieceIndex);
  }

  #fromOwn(supplier: Supplier): Pick | undefined {
    for (const transfer of this.#begun.get(supplier) ?? []) {
      if (transfer.hasFree) return pick(transfer);
    }
    return undefined;
  }

  #fromOrphans(supplier: Supplier): Pick | undefined {
    for (const transfer of this.#orphans) {
      if (!transfer.hasFree || !canSupply(supplier, transfer.pieceIndex)) continue;
      this.#orphans.delete(transfer);
      this.#own(supplier, transfer);
      return pick(transfer);
    }
    return undefined;
  }

  #fromNew(supplier: Supplier): Pick | undefined {
    if (this.#slots.available === 0) return undefined;
    const found = this.rarity.find((candidate) => canSupply(supplier, candidate) && this.#isReady(candidate));
    const pieceIndex = found < 0 ? this.runs.takeLast((candidate) => canSupply(supplier, candidate)) : found;
    if (pieceIndex < 0) return undefined;
    const transfer = this.#begin(pieceIndex, this.#slots.take() as number);
    this.#own(supplier, transfer);
    return pick(transfer);
  }

  #begin(pieceIndex: number, slot: number): PieceTransfer {
    const { length } = this.#layout.place(pieceIndex);
    const transfer = new PieceTransfer(pieceIndex, length, slot, this.#slots);
    transfer.isExclusive = this.#suspect.has(pieceIndex);
    this.rarity.remove(pieceIndex);
    this.transfers.set(pieceIndex, transfer);
    return transfer;
  }

  #fromOthers(supplier: Supplier): Pick | undefined {
    for (const transfer of this.transfers.values()) {
      if (transfer.isExclusive || !transfer.hasFree) continue;
      if (canSupply(supplier, transfer.pieceIndex)) return pick(transfer);
    }
    return undefined;
  }

  #fromEndgame(supplier: Supplier): Pick | undefined {
    if (supplier.owed.size >= ENDGAME_ROOM) return undefined;
    for (const transfer of this.transfers.values()) {
      if (transfer.isExclusive || transfer.isWhole || !canSupply(supplier, transfer.pieceIndex)) continue;
      const found = this.#askedOfOthers(supplier, transfer);
      if (found) return found;
    }
    return undefined;
  }

  #askedOfOthers(supplier: Supplier, transfer: PieceTransfer): Pick | undefined {
    const first = transfer.pieceIndex * this.#layout.blocksPerPiece;
    const block = transfer.findAsked((candidate) => !supplier.owed.has(first + candidate));
    return block >= 0 ? { transfer, block } : undefined;
  }

  #own(supplier: Supplier, transfer: PieceTransfer): void {
    transfer.owner = supplier.peer;
    const begun = this.#begun.get(supplier) ?? new Set();
    begun.add(transfer);
    this.#begun.set(supplier, begun);
  }
}

function canSupply(supplier: Supplier, pieceIndex: number): boolean {
  const { have, refused, keptBack } = supplier;
  return have.has(pieceIndex) && !refused.has(pieceIndex) && !keptBack.has(pieceIndex);
}

function pick(transfer: PieceTransfer): Pick {
  return { transfer, block: transfer.ask() };
}

/** All free blocks of a piece are asked of one source. */
function askAll(transfer: PieceTransfer, source: BlockSource): void {
  transfer.owner = source;
  while (transfer.ask() >= 0);
}
