import type { Layout } from '../layout.ts';
import type { BlockSource } from './block-source.ts';
import { canSupply, type Pick, pickAsked, pickFree } from './pick.ts';
import type { PieceTransfer } from './piece-transfer.ts';
import { PiecesUnderWay } from './pieces-under-way.ts';
import { Rarity } from './rarity.ts';
import { Runs } from './runs.ts';
import type { Slots } from './slots.ts';
import type { Supplier } from './supplier.ts';
import { Urgency } from './urgency.ts';
import { UrgentPieces } from './urgent-pieces.ts';

/** In the endgame a peer is asked for few blocks at a time: most of them come twice. */
export const ENDGAME_ROOM = 16;

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
 * Chooses blocks: first what somebody reads, then those of the pieces a peer has begun, then of pieces that others left,
 * then the rarest piece that has a free slot, then of pieces set aside for web seeds, then it helps others, and in the
 * end asks for what others owe (endgame). A piece so comes from one peer where it can, and a wrong one names its sender.
 */
export class Picker {
  readonly rarity: Rarity;
  readonly pieces: PiecesUnderWay;
  /** The pieces that are begun and not yet here. */
  readonly transfers: ReadonlyMap<number, PieceTransfer>;
  /** Pieces that are set aside for web seeds. */
  readonly runs: Runs;
  /** What is needed soon. */
  readonly urgency: Urgency;
  readonly urgent: UrgentPieces;
  readonly #layout: Layout;
  readonly #isReady: (pieceIndex: number) => boolean;

  constructor({ layout, slots, isWanted, isReady, now, random }: PickerParts) {
    this.#layout = layout;
    this.#isReady = isReady;
    this.rarity = new Rarity(layout.pieceCount, isWanted, random);
    this.pieces = new PiecesUnderWay(layout, slots, this.rarity);
    this.transfers = this.pieces.transfers;
    this.runs = new Runs(layout, this.rarity, isReady);
    this.urgency = new Urgency(now);
    const { rarity, pieces, runs, urgency } = this;
    this.urgent = new UrgentPieces({ layout, urgency, rarity, runs, pieces, isReady });
  }

  /**
   * The next block for a peer, marked as asked for; `undefined` when there is nothing for it. While its piece has free
   * blocks, those that follow may be asked of it at once, without choosing anew.
   *
   * @param isAlone there is no other peer, so that nobody owes what this one does not
   */
  next(supplier: Supplier, isAlone: boolean): Pick | undefined {
    return (
      (this.urgency.isOn ? this.urgent.next(supplier) : undefined) ??
      this.#fromOwn(supplier) ??
      this.#fromOrphans(supplier) ??
      this.#fromNew(supplier) ??
      this.#fromOthers(supplier) ??
      (isAlone ? undefined : this.#fromEndgame(supplier))
    );
  }

  /** Begins a piece in a slot that the caller took, for a web seed; no block of it is free then. */
  begin(pieceIndex: number, slot: number, source: BlockSource): PieceTransfer {
    const transfer = this.pieces.begin(pieceIndex, slot);
    this.pieces.askAll(transfer, source);
    return transfer;
  }

  /** Gives a web seed a piece that others left. */
  adopt(source: BlockSource, accepts: (pieceIndex: number) => boolean): PieceTransfer | undefined {
    for (const transfer of this.pieces.orphans) {
      if (!transfer.hasFree || !accepts(transfer.pieceIndex)) continue;
      this.pieces.askAll(transfer, source);
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

  #fromOwn(supplier: Supplier): Pick | undefined {
    for (const transfer of this.pieces.begunBy(supplier)) {
      if (transfer.hasFree) return pickFree(transfer);
    }
    return undefined;
  }

  #fromOrphans(supplier: Supplier): Pick | undefined {
    for (const transfer of this.pieces.orphans) {
      if (!transfer.hasFree || !canSupply(supplier, transfer.pieceIndex)) continue;
      this.pieces.own(supplier, transfer);
      return pickFree(transfer);
    }
    return undefined;
  }

  #fromNew(supplier: Supplier): Pick | undefined {
    if (!this.pieces.hasRoom) return undefined;
    const found = this.rarity.find((candidate) => canSupply(supplier, candidate) && this.#isReady(candidate));
    const pieceIndex = found < 0 ? this.runs.takeLast((candidate) => canSupply(supplier, candidate)) : found;
    const transfer = pieceIndex < 0 ? undefined : this.pieces.beginFor(supplier, pieceIndex);
    return transfer && pickFree(transfer);
  }

  #fromOthers(supplier: Supplier): Pick | undefined {
    for (const transfer of this.transfers.values()) {
      if (transfer.isExclusive || !transfer.hasFree) continue;
      if (canSupply(supplier, transfer.pieceIndex)) return pickFree(transfer);
    }
    return undefined;
  }

  #fromEndgame(supplier: Supplier): Pick | undefined {
    if (supplier.owed.size >= ENDGAME_ROOM) return undefined;
    for (const transfer of this.transfers.values()) {
      if (transfer.isExclusive || transfer.isWhole || !canSupply(supplier, transfer.pieceIndex)) continue;
      const found = pickAsked(supplier, transfer, this.#layout);
      if (found) return found;
    }
    return undefined;
  }
}
