import { BLOCK_BYTES } from '../../merkle/index.ts';
import type { BlockSpan } from '../../wire/index.ts';
import type { Peer } from '../connection/peer.ts';
import type { Layout } from '../layout.ts';
import type { BlockSource } from './block-source.ts';
import type { Picker } from './picker.ts';
import type { PieceTransfer } from './piece-transfer.ts';
import type { Supplier } from './supplier.ts';

/** Blocks that peers owe and need not, or will not, send: they are cancelled, and free for others. */
export class OwedBlocks {
  readonly #layout: Layout;
  readonly #picker: Picker;
  readonly #suppliers: ReadonlyMap<Peer, Supplier>;

  constructor(layout: Layout, picker: Picker, suppliers: ReadonlyMap<Peer, Supplier>) {
    this.#layout = layout;
    this.#picker = picker;
    this.#suppliers = suppliers;
  }

  /** Asks a peer to send nothing but what somebody reads and what is coming already. */
  withdraw(supplier: Supplier): void {
    if (!supplier.peer.remote.fast) return; // nothing would tell whether it obeyed
    const { blocksPerPiece } = this.#layout;
    const { incoming } = supplier;
    for (const number of supplier.owed) {
      const pieceIndex = Math.floor(number / blocksPerPiece);
      const block = number % blocksPerPiece;
      const isComing = incoming?.block === block && incoming.transfer.pieceIndex === pieceIndex;
      if (isComing || !supplier.isOwing(number) || this.#picker.urgency.has(pieceIndex)) continue;
      supplier.withdraws(number);
      this.#sendCancel(supplier, pieceIndex, block);
      this.release(supplier.peer, number);
    }
  }

  /** In the endgame others owe the same block: they need not send it (BEP 3, "cancel"). */
  cancelElsewhere(source: BlockSource, transfer: PieceTransfer, block: number): void {
    const number = transfer.pieceIndex * this.#layout.blocksPerPiece + block;
    for (const other of this.#suppliers.values()) {
      if (other.peer === source || !other.isOwing(number)) continue;
      // What comes all the same is passed over; with the fast extension the answer is awaited (BEP 6).
      if (!other.peer.remote.fast) other.answers(number);
      this.#sendCancel(other, transfer.pieceIndex, block);
    }
  }

  /** A peer sends nothing of what it owes. */
  releaseAll(supplier: Supplier): void {
    const owed = [...supplier.owed];
    supplier.forgetOwed();
    for (const number of owed) this.release(supplier.peer, number);
  }

  /** A block will not come from a peer or web seed: it is free, unless a peer owes it too. */
  release(source: BlockSource, number: number): void {
    const { blocksPerPiece } = this.#layout;
    const transfer = this.#picker.transfers.get(Math.floor(number / blocksPerPiece));
    if (!transfer) return;
    const block = number % blocksPerPiece;
    if (transfer.writerOf(block) === source) transfer.setWriter(block, undefined);
    for (const other of this.#suppliers.values()) if (other.isOwing(number)) return;
    transfer.release(block);
    this.#picker.pieces.reopen(transfer);
  }

  #sendCancel({ peer }: Supplier, pieceIndex: number, block: number): void {
    const length = this.#picker.transfers.get(pieceIndex)?.blockLength(block) ?? BLOCK_BYTES;
    peer.send({ type: 'cancel', pieceIndex, begin: block * BLOCK_BYTES, length });
  }
}

/** The number of a block in the whole torrent; -1 for a span that is no block of it. */
export function numberOf({ blocksPerPiece, pieceLength }: Layout, { pieceIndex, begin }: BlockSpan): number {
  if (begin % BLOCK_BYTES !== 0 || begin >= pieceLength) return -1;
  return pieceIndex * blocksPerPiece + begin / BLOCK_BYTES;
}
