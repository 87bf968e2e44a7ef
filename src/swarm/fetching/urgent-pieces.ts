import type { Layout } from '../layout.ts';
import { canSupply, type Pick, pickAsked, pickFree } from './pick.ts';
import type { PieceTransfer } from './piece-transfer.ts';
import type { PiecesUnderWay } from './pieces-under-way.ts';
import type { Rarity } from './rarity.ts';
import type { Run, Runs, RunWish } from './runs.ts';
import type { Supplier } from './supplier.ts';
import type { Urgency } from './urgency.ts';

/** A peer that owes no more than this is asked for blocks that a reader waits for and others owe. */
const LATE_ROOM = 64;
/** So many of a reader's next pieces get the memory of pieces that nobody reads, and come from no slow peer. */
const HURRIED_PIECES = 2;
/** A web seed reaches a piece soon that is no more than so many behind the one it is at. */
const SOON_PIECES = 2;

export interface UrgentPiecesParts {
  readonly layout: Layout;
  readonly urgency: Urgency;
  readonly rarity: Rarity;
  readonly runs: Runs;
  readonly pieces: PiecesUnderWay;
  readonly isReady: (pieceIndex: number) => boolean;
}

/** Chooses of what somebody reads, in the order of reading, before anything else is chosen. */
export class UrgentPieces {
  readonly #parts: UrgentPiecesParts;

  constructor(parts: UrgentPiecesParts) {
    this.#parts = parts;
  }

  /** The next block that a reader needs of a peer. */
  next(supplier: Supplier): Pick | undefined {
    const { urgency, pieces } = this.#parts;
    let found: Pick | undefined;
    urgency.find((piece, ahead, isLate) => {
      const isForFaster = supplier.isSlow && ahead < HURRIED_PIECES && !isLate;
      if (isForFaster || !canSupply(supplier, piece)) return false;
      const transfer = pieces.transfers.get(piece) ?? this.#begin(supplier, piece, ahead, isLate);
      found = transfer && this.#pickOf(supplier, transfer, isLate);
      return found !== undefined;
    });
    return found;
  }

  /** Sets the piece that is needed soonest and what follows aside for a web seed. */
  takeRun({ source, hasFile, mostPieces }: RunWish): Run | undefined {
    const { layout, urgency, rarity, runs, isReady } = this.#parts;
    const pieceIndex = urgency.find((piece) => {
      if (!hasFile(layout.fileOf(piece))) return false;
      const holder = runs.holderOf(piece);
      if (holder) return holder.source !== source && piece - holder.next > SOON_PIECES;
      return rarity.has(piece) && isReady(piece);
    });
    if (pieceIndex < 0) return undefined;
    runs.cut(pieceIndex);
    return runs.takeAt(source, layout.fileOf(pieceIndex), pieceIndex, mostPieces);
  }

  /** A free block of a piece, or, when it is late, one that somebody else owes. */
  #pickOf(supplier: Supplier, transfer: PieceTransfer, isLate: boolean): Pick | undefined {
    if (transfer.isWhole) return undefined;
    if (transfer.owner === undefined && transfer.hasFree) this.#parts.pieces.own(supplier, transfer);
    if (transfer.isExclusive && transfer.owner !== supplier.peer) return undefined;
    if (transfer.hasFree) return pickFree(transfer);
    return isLate && supplier.load < LATE_ROOM
      ? pickAsked(supplier, transfer, this.#parts.layout)
      : undefined;
  }

  #begin(supplier: Supplier, pieceIndex: number, ahead: number, isLate: boolean): PieceTransfer | undefined {
    const { urgency, rarity, runs, pieces, isReady } = this.#parts;
    if (!isReady(pieceIndex)) return undefined;
    if (!rarity.has(pieceIndex)) {
      const holder = runs.holderOf(pieceIndex);
      if (!holder || (pieceIndex - holder.next <= SOON_PIECES && !isLate)) return undefined;
      runs.cut(pieceIndex);
    }
    if (!pieces.hasRoom && ahead < HURRIED_PIECES) pieces.evict((piece) => urgency.has(piece));
    return pieces.beginFor(supplier, pieceIndex);
  }
}
