import { BLOCK_BYTES } from '../../merkle/index.ts';
import type { BlockSpan } from '../../wire/index.ts';
import type { Peer } from '../connection/peer.ts';
import { type Asking, isWorthAsking } from './asking.ts';
import type { BlockSource } from './block-source.ts';
import type { DownloaderParts } from './downloader.ts';
import { numberOf, type OwedBlocks } from './owed-blocks.ts';
import { ENDGAME_ROOM, type Picker } from './picker.ts';
import type { PieceTransfer } from './piece-transfer.ts';
import type { Supplier } from './supplier.ts';

/** Most blocks a peer may send that nobody asked it for. */
const UNASKED_LIMIT = 4096;

export interface IncomingParts extends Pick<DownloaderParts, 'layout' | 'onBlock' | 'onWhole' | 'dismiss'> {
  readonly picker: Picker;
  readonly suppliers: ReadonlyMap<Peer, Supplier>;
  readonly asking: Asking;
  readonly owed: OwedBlocks;
}

/** Blocks that come, from peers and web seeds: which are wanted, where their bytes go, and what came for nothing. */
export class IncomingBlocks {
  readonly #parts: IncomingParts;
  #wastedBytes = 0;

  constructor(parts: IncomingParts) {
    this.#parts = parts;
  }

  /** Bytes that came twice or unasked, or had to make room. */
  get wastedBytes(): number {
    return this.#wastedBytes + this.#parts.picker.pieces.evictedBytes;
  }

  /** Bytes came that nobody wants. */
  waste(bytes: number): void {
    this.#wastedBytes += bytes;
  }

  /** Where the bytes of a block go: its place, or, while another peer is writing there, the peer's own scratch. */
  begin(peer: Peer, span: BlockSpan): Uint8Array | undefined {
    const supplier = this.#parts.suppliers.get(peer);
    if (!supplier) return undefined;
    supplier.incoming = undefined;
    const isOwed = supplier.owed.has(numberOf(this.#parts.layout, span));
    if (!isOwed) this.#countUnasked(supplier);
    const transfer = this.#parts.picker.transfers.get(span.pieceIndex);
    const block = span.begin / BLOCK_BYTES;
    const isWanted =
      isOwed &&
      transfer?.isOpen(block) === true &&
      (!transfer.isExclusive || transfer.owner === peer) &&
      span.length === transfer.blockLength(block);
    if (!transfer || !isWanted) {
      this.#wastedBytes += span.length;
      return undefined;
    }
    supplier.incoming = { transfer, block };
    if (transfer.writerOf(block) !== undefined) return supplier.scratch;
    transfer.setWriter(block, peer);
    return transfer.blockMemory(block);
  }

  end(peer: Peer, span: BlockSpan): void {
    const supplier = this.#parts.suppliers.get(peer);
    if (!supplier) return;
    const { incoming } = supplier;
    supplier.incoming = undefined;
    if (supplier.answers(numberOf(this.#parts.layout, span))) supplier.finishedBlock();
    if (incoming && this.#parts.picker.transfers.get(span.pieceIndex) === incoming.transfer) {
      if (incoming.transfer.isOpen(incoming.block))
        this.#receive(supplier, incoming.transfer, incoming.block);
    }
    // Where there was nothing to ask for, there is nothing until a piece is done, but for the endgame.
    const isIdle =
      supplier.isStarved && (supplier.owed.size >= ENDGAME_ROOM || this.#parts.suppliers.size === 1);
    if (!isIdle && isWorthAsking(supplier)) this.#parts.asking.fill(supplier);
  }

  /** Takes a block of a web seed, unless it came from elsewhere. */
  take(source: BlockSource, transfer: PieceTransfer, block: number, data: Uint8Array): void {
    const isWanted =
      this.#parts.picker.transfers.get(transfer.pieceIndex) === transfer &&
      transfer.isOpen(block) &&
      (!transfer.isExclusive || transfer.owner === source);
    if (!isWanted) {
      this.#wastedBytes += data.length;
      return;
    }
    transfer.writerOf(block)?.dropBlock();
    transfer.blockMemory(block).set(data);
    this.#parts.owed.cancelElsewhere(source, transfer, block);
    this.#keep(source, transfer, block);
  }

  /** A web seed sends no more of a piece: what is missing of it is for others. */
  giveUp(source: BlockSource, transfer: PieceTransfer): void {
    if (this.#parts.picker.transfers.get(transfer.pieceIndex) !== transfer) return;
    if (!transfer.isWhole) {
      const first = transfer.pieceIndex * this.#parts.layout.blocksPerPiece;
      for (let block = 0; block < transfer.blockCount; block += 1)
        this.#parts.owed.release(source, first + block);
      this.#parts.asking.fillSoon();
    }
    this.#parts.picker.pieces.disown(transfer, source);
  }

  #receive(supplier: Supplier, transfer: PieceTransfer, block: number): void {
    const { peer } = supplier;
    const writer = transfer.writerOf(block);
    if (writer !== peer) {
      writer?.dropBlock();
      transfer.blockMemory(block).set(supplier.scratch.subarray(0, transfer.blockLength(block)));
    }
    supplier.progressed();
    if (this.#parts.suppliers.size > 1) this.#parts.owed.cancelElsewhere(peer, transfer, block);
    this.#keep(peer, transfer, block);
  }

  #keep(source: BlockSource, transfer: PieceTransfer, block: number): void {
    transfer.receive(block, source);
    if (transfer.isWhole) transfer.isSealed = true;
    this.#parts.onBlock(transfer, block);
    if (transfer.isSealed) this.#parts.onWhole(transfer);
  }

  #countUnasked(supplier: Supplier): void {
    supplier.unasked += 1;
    if (supplier.unasked <= UNASKED_LIMIT) return;
    this.#parts.dismiss(supplier.peer, 'protocol', `sent ${supplier.unasked} blocks that nobody asked for`);
  }
}
