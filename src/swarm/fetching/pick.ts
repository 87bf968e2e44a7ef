import type { Layout } from '../layout.ts';
import type { PieceTransfer } from './piece-transfer.ts';
import type { Supplier } from './supplier.ts';

/** A block to ask a peer for. */
export interface Pick {
  readonly transfer: PieceTransfer;
  readonly block: number;
}

/** Whether a peer has a piece and may be asked for it. */
export function canSupply(supplier: Supplier, pieceIndex: number): boolean {
  const { have, refused, keptBack } = supplier;
  return have.has(pieceIndex) && !refused.has(pieceIndex) && !keptBack.has(pieceIndex);
}

/** The next free block of a piece that has one. */
export function pickFree(transfer: PieceTransfer): Pick {
  return { transfer, block: transfer.ask() };
}

/** A block of a piece that others owe, and this peer does not. */
export function pickAsked(supplier: Supplier, transfer: PieceTransfer, layout: Layout): Pick | undefined {
  const first = transfer.pieceIndex * layout.blocksPerPiece;
  const block = transfer.findAsked((candidate) => !supplier.owed.has(first + candidate));
  return block >= 0 ? { transfer, block } : undefined;
}
