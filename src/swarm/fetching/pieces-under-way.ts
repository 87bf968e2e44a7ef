import { BLOCK_BYTES } from '../../merkle/index.ts';
import type { Layout } from '../layout.ts';
import type { BlockSource } from './block-source.ts';
import { PieceTransfer } from './piece-transfer.ts';
import type { Rarity } from './rarity.ts';
import type { Slots } from './slots.ts';
import type { Supplier } from './supplier.ts';

/** The pieces that are begun and not yet here: each has a slot, and belongs to one source, or to nobody any more. */
export class PiecesUnderWay {
  readonly transfers = new Map<number, PieceTransfer>();
  /** Bytes of pieces that had to make room for urgent ones. */
  evictedBytes = 0;
  readonly #layout: Layout;
  readonly #slots: Slots;
  readonly #rarity: Rarity;
  /** Pieces that nobody fetches any more. */
  readonly #orphans = new Set<PieceTransfer>();
  /** Pieces that shall come from one source alone. */
  readonly #suspect = new Set<number>();
  readonly #begun = new Map<Supplier, Set<PieceTransfer>>();

  constructor(layout: Layout, slots: Slots, rarity: Rarity) {
    this.#layout = layout;
    this.#slots = slots;
    this.#rarity = rarity;
  }

  /** Whether there is memory for another piece. */
  get hasRoom(): boolean {
    return this.#slots.available > 0;
  }

  /** Pieces that nobody fetches any more. */
  get orphans(): Iterable<PieceTransfer> {
    return this.#orphans;
  }

  /** Pieces that a peer has begun. */
  begunBy(supplier: Supplier): Iterable<PieceTransfer> {
    return this.#begun.get(supplier) ?? [];
  }

  /** Begins a piece in a slot that the caller took. */
  begin(pieceIndex: number, slot: number): PieceTransfer {
    const { length } = this.#layout.place(pieceIndex);
    const transfer = new PieceTransfer(pieceIndex, length, slot, this.#slots);
    transfer.isExclusive = this.#suspect.has(pieceIndex);
    this.#rarity.remove(pieceIndex);
    this.transfers.set(pieceIndex, transfer);
    return transfer;
  }

  /** Begins a piece for a peer; `undefined` when there is no memory for it. */
  beginFor(supplier: Supplier, pieceIndex: number): PieceTransfer | undefined {
    const slot = this.#slots.take();
    if (slot === undefined) return undefined;
    const transfer = this.begin(pieceIndex, slot);
    this.own(supplier, transfer);
    return transfer;
  }

  /** A piece is now a peer's to fetch. */
  own(supplier: Supplier, transfer: PieceTransfer): void {
    this.#orphans.delete(transfer);
    transfer.owner = supplier.peer;
    const begun = this.#begun.get(supplier) ?? new Set();
    begun.add(transfer);
    this.#begun.set(supplier, begun);
  }

  /** All free blocks of a piece are asked of one source that is no peer. */
  askAll(transfer: PieceTransfer, source: BlockSource): void {
    this.#orphans.delete(transfer);
    transfer.owner = source;
    while (transfer.ask() >= 0);
  }

  /** A peer is gone, or takes no requests: what it began is for others. */
  abandon(supplier: Supplier): void {
    for (const transfer of this.begunBy(supplier)) this.#disown(transfer);
    this.#begun.delete(supplier);
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
    this.#rarity.add(transfer.pieceIndex);
  }

  /** Blocks of a piece are free again. */
  reopen(transfer: PieceTransfer): void {
    if (transfer.owner === undefined) this.#orphans.add(transfer);
  }

  /** Gives up the piece of which least is here, of those that are not needed soon: its memory is needed. */
  evict(isNeeded: (pieceIndex: number) => boolean): void {
    let least: PieceTransfer | undefined;
    for (const transfer of this.transfers.values()) {
      if (transfer.isSealed || transfer.isExclusive || isNeeded(transfer.pieceIndex)) continue;
      if (!least || transfer.blocksHere < least.blocksHere) least = transfer;
    }
    if (!least) return;
    least.stopWriters();
    this.evictedBytes += least.blocksHere * BLOCK_BYTES;
    this.#drop(least);
    this.#rarity.add(least.pieceIndex);
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
}
