import type { Layout } from '../layout.ts';
import { PieceTransfer } from './piece-transfer.ts';
import { Rarity } from './rarity.ts';
import type { Slots } from './slots.ts';
import type { Supplier } from './supplier.ts';

/** A block to ask a peer for. */
export interface Pick {
  readonly transfer: PieceTransfer;
  readonly block: number;
}

/** In the endgame a peer is asked for few blocks at a time: most of them come twice. */
export const ENDGAME_ROOM = 16;

/**
 * Chooses blocks: first those of the pieces a peer has begun, then of pieces that others left, then the rarest piece
 * that has a free slot, then it helps others, and in the end asks for what others owe (endgame). A piece so comes
 * from one peer where it can, and a wrong one names its sender.
 */
export class Picker {
  readonly rarity: Rarity;
  readonly transfers = new Map<number, PieceTransfer>();
  readonly #layout: Layout;
  readonly #slots: Slots;
  /** Pieces that nobody fetches any more. */
  readonly #orphans = new Set<PieceTransfer>();
  /** Pieces that shall come from one peer alone. */
  readonly #suspect = new Set<number>();
  readonly #isReady: (pieceIndex: number) => boolean;
  readonly #begun = new Map<Supplier, Set<PieceTransfer>>();

  /** `isReady`: whether a piece can be checked, that is, whether its hash is known. */
  constructor(
    layout: Layout,
    slots: Slots,
    isWanted: (pieceIndex: number) => boolean,
    isReady: (pieceIndex: number) => boolean,
    random: () => number,
  ) {
    this.#layout = layout;
    this.#slots = slots;
    this.#isReady = isReady;
    this.rarity = new Rarity(layout.pieceCount, isWanted, random);
  }

  /**
   * The next block for a peer, marked as asked for; `undefined` when there is nothing for it. While its piece has free
   * blocks, those that follow may be asked of it at once, without choosing anew.
   *
   * @param isAlone there is no other peer, so that nobody owes what this one does not
   */
  next(supplier: Supplier, isAlone: boolean): Pick | undefined {
    return (
      this.#fromOwn(supplier) ??
      this.#fromOrphans(supplier) ??
      this.#fromNew(supplier) ??
      this.#fromOthers(supplier) ??
      (isAlone ? undefined : this.#fromEndgame(supplier))
    );
  }

  /** A peer is gone, or takes no requests: what it began is for others. */
  abandon(supplier: Supplier): void {
    for (const transfer of this.#begun.get(supplier) ?? []) {
      transfer.owner = undefined;
      if (transfer.isExclusive && !transfer.isSealed) transfer.forget(Array(transfer.blockCount).keys());
      this.#orphans.add(transfer);
    }
    this.#begun.delete(supplier);
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

  #drop(transfer: PieceTransfer): void {
    this.transfers.delete(transfer.pieceIndex);
    this.#orphans.delete(transfer);
    for (const begun of this.#begun.values()) begun.delete(transfer);
    this.#slots.give(transfer.slot);
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
    const pieceIndex = this.rarity.find(
      (candidate) => canSupply(supplier, candidate) && this.#isReady(candidate),
    );
    if (pieceIndex < 0) return undefined;
    const slot = this.#slots.take() as number;
    const { length } = this.#layout.place(pieceIndex);
    const transfer = new PieceTransfer(pieceIndex, length, slot, this.#slots.view(slot));
    transfer.isExclusive = this.#suspect.has(pieceIndex);
    this.rarity.remove(pieceIndex);
    this.transfers.set(pieceIndex, transfer);
    this.#own(supplier, transfer);
    return pick(transfer);
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
      const first = transfer.pieceIndex * this.#layout.blocksPerPiece;
      const block = transfer.findAsked((candidate) => !supplier.owed.has(first + candidate));
      if (block >= 0) return { transfer, block };
    }
    return undefined;
  }

  #own(supplier: Supplier, transfer: PieceTransfer): void {
    transfer.owner = supplier.peer;
    const begun = this.#begun.get(supplier) ?? new Set();
    begun.add(transfer);
    this.#begun.set(supplier, begun);
  }
}

function canSupply(supplier: Supplier, pieceIndex: number): boolean {
  return supplier.have.has(pieceIndex) && !supplier.refused.has(pieceIndex);
}

function pick(transfer: PieceTransfer): Pick {
  return { transfer, block: transfer.ask() };
}
