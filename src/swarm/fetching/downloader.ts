import type { BlockSpan, PeerMessage } from '../../wire/index.ts';
import { Bitfield } from '../bitfield.ts';
import type { Peer } from '../connection/peer.ts';
import type { Layout } from '../layout.ts';
import type { Throttle } from '../rates/throttle.ts';
import { Asking } from './asking.ts';
import { IncomingBlocks } from './incoming-blocks.ts';
import { LonePieces } from './lone-pieces.ts';
import { numberOf, OwedBlocks } from './owed-blocks.ts';
import { Picker } from './picker.ts';
import type { PieceTransfer } from './piece-transfer.ts';
import type { Slots } from './slots.ts';
import { Supplier } from './supplier.ts';
import type { ReadWindow } from './urgency.ts';

/** A peer is slow that is less than this part as fast as the fastest. */
const SLOW_PART = 4;

export interface DownloaderParts {
  readonly layout: Layout;
  /** What is here and right. */
  readonly have: Bitfield;
  readonly slots: Slots;
  /** The limits that what comes is under. */
  readonly intake: Throttle;
  /** Whether a piece's hash is known. */
  readonly isReady: (pieceIndex: number) => boolean;
  /** A block is here. */
  readonly onBlock: (transfer: PieceTransfer, block: number) => void;
  /** A piece is whole: to be checked and written. Its memory stays as it is until the outcome is told. */
  readonly onWhole: (transfer: PieceTransfer) => void;
  /** Whether so much waits to be checked that no more should be asked for. */
  readonly isBehind: () => boolean;
  /** A peer broke the rules, or is too slow. */
  readonly dismiss: (peer: Peer, why: 'protocol' | 'stalled', text: string) => void;
  /** For how long a peer may owe blocks and send nothing. */
  readonly stallTimeoutMs: number;
  readonly now: () => number;
  readonly random: () => number;
}

/** Fetches blocks from peers: who has what, who stays, and what is asked of whom. */
export class Downloader {
  readonly picker: Picker;
  /** What comes. */
  readonly blocks: IncomingBlocks;
  readonly #parts: DownloaderParts;
  readonly #suppliers = new Map<Peer, Supplier>();
  readonly #asking: Asking;
  readonly #owed: OwedBlocks;
  readonly #lonePieces: LonePieces;

  constructor(parts: DownloaderParts) {
    this.#parts = parts;
    this.#lonePieces = new LonePieces(parts.stallTimeoutMs);
    const { have } = parts;
    this.picker = new Picker({ ...parts, isWanted: (piece) => !have.has(piece) });
    this.#asking = new Asking({ ...parts, picker: this.picker, suppliers: this.#suppliers });
    this.#owed = new OwedBlocks(parts.layout, this.picker, this.#suppliers);
    this.blocks = new IncomingBlocks({
      ...parts,
      picker: this.picker,
      suppliers: this.#suppliers,
      asking: this.#asking,
      owed: this.#owed,
    });
  }

  /** A peer that shook hands; it has nothing until it says so. */
  join(peer: Peer): void {
    const none = new Bitfield(this.#parts.layout.pieceCount);
    const nowMs = this.#parts.now();
    const supplier = new Supplier(peer, none, nowMs);
    supplier.keptBack = this.#lonePieces.keptBackBy(peer.address.host, nowMs);
    this.#suppliers.set(peer, supplier);
  }

  /** A peer tells all that it has. */
  claim(peer: Peer, have: Bitfield): void {
    const supplier = this.#suppliers.get(peer);
    if (!supplier) return;
    for (let piece = 0; piece < have.length; piece += 1) {
      if (have.has(piece) && supplier.have.set(piece)) this.picker.rarity.change(piece, 1);
    }
    this.#judge(supplier);
    this.#asking.fill(supplier);
  }

  leave(peer: Peer): void {
    const supplier = this.#suppliers.get(peer);
    if (!supplier) return;
    this.#suppliers.delete(peer);
    for (let piece = 0; piece < supplier.have.length; piece += 1) {
      if (supplier.have.has(piece)) this.picker.rarity.change(piece, -1);
    }
    this.#owed.releaseAll(supplier);
    this.picker.pieces.abandon(supplier);
    this.#asking.fillSoon();
  }

  /** Whether a peer has a piece; used to choose whom to ask for hashes. */
  hasPiece(peer: Peer, pieceIndex: number): boolean {
    return this.#suppliers.get(peer)?.have.has(pieceIndex) ?? false;
  }

  /** How many pieces a peer has, and how many blocks it owes. */
  standingOf(peer: Peer): { readonly pieces: number; readonly owed: number } {
    const supplier = this.#suppliers.get(peer);
    return { pieces: supplier?.have.count ?? 0, owed: supplier?.owed.size ?? 0 };
  }

  onMessage(peer: Peer, message: PeerMessage): void {
    const supplier = this.#suppliers.get(peer);
    if (!supplier) return;
    switch (message.type) {
      case 'choke':
        // With the fast extension each request is refused by itself (BEP 6).
        if (!peer.remote.fast) this.#owed.releaseAll(supplier);
        this.picker.pieces.abandon(supplier);
        this.#asking.fillSoon();
        break;
      case 'unchoke':
        supplier.refused.clear();
        this.#asking.share();
        this.#asking.fill(supplier);
        break;
      case 'have':
        this.#gains(supplier, message.pieceIndex);
        break;
      case 'reject':
        this.#isRefused(supplier, message);
        break;
      default:
    }
  }

  /** Somebody reads: what peers owe besides is asked for later, so that nothing is before what is needed now. */
  open(window: ReadWindow): void {
    this.picker.urgency.add(window);
    for (const supplier of this.#suppliers.values()) this.#owed.withdraw(supplier);
    this.#asking.fillSoon();
  }

  close(window: ReadWindow): void {
    this.picker.urgency.remove(window);
  }

  /** Asks those for more whose pipelines ran low. */
  refill(): void {
    this.#asking.refill();
  }

  /** Asks everybody for more. */
  fillAll(): void {
    this.#asking.fillAll();
  }

  /** Tells others that a piece is here; peers that have nothing more of interest are told so. */
  onPieceDone(transfer: PieceTransfer): void {
    this.picker.pieces.finish(transfer);
    for (const supplier of this.#suppliers.values()) {
      if (supplier.peer.isInteresting && supplier.owed.size === 0) this.#judge(supplier);
    }
  }

  /** Called once a second. */
  tick(): void {
    this.#asking.share();
    const nowMs = this.#parts.now();
    const fastest = this.#fastest;
    for (const supplier of this.#suppliers.values()) {
      supplier.keptBack = this.#lonePieces.keptBackBy(supplier.peer.address.host, nowMs);
      const silentMs = supplier.tick(nowMs, this.picker.urgency.isOn);
      supplier.isSlow = supplier.bytesPerSecond * SLOW_PART < fastest;
      if (silentMs > this.#parts.stallTimeoutMs) {
        this.#parts.dismiss(supplier.peer, 'stalled', `sent no block for ${Math.round(silentMs / 1000)} s`);
      } else this.#asking.fill(supplier);
    }
    for (const [owner, { pieceIndex }] of this.#lonePieces.overdue(this.picker.transfers.values(), nowMs)) {
      const peer = owner as Peer; // a web seed is none, and has time limits of its own
      if (!this.#suppliers.has(peer)) continue;
      this.#lonePieces.note(peer.address.host, pieceIndex, nowMs);
      this.#parts.dismiss(peer, 'stalled', `keeps blocks of piece ${pieceIndex} back`);
    }
  }

  get #fastest(): number {
    let fastest = 0;
    for (const { bytesPerSecond } of this.#suppliers.values()) fastest = Math.max(fastest, bytesPerSecond);
    return fastest;
  }

  #gains(supplier: Supplier, pieceIndex: number): void {
    if (pieceIndex >= this.#parts.layout.pieceCount) {
      this.#parts.dismiss(supplier.peer, 'protocol', `claims piece ${pieceIndex}, which does not exist`);
      return;
    }
    if (!supplier.have.set(pieceIndex)) return;
    this.picker.rarity.change(pieceIndex, 1);
    if (this.#parts.have.has(pieceIndex)) return;
    supplier.peer.setInteresting(true);
    supplier.isStarved = false;
    if (supplier.owed.size === 0) this.#asking.fill(supplier);
  }

  /** Whether a peer has anything that we lack; tells it when that changed. */
  #judge(supplier: Supplier): void {
    const { bits } = this.#parts.have;
    supplier.peer.setInteresting(
      supplier.have.bits.some((byte, index) => (byte & ~(bits[index] as number)) !== 0),
    );
  }

  #isRefused(supplier: Supplier, span: BlockSpan): void {
    const number = numberOf(this.#parts.layout, span);
    if (!supplier.rejects(number)) return;
    if (!supplier.peer.isChoking) supplier.refused.add(span.pieceIndex);
    this.#owed.release(supplier.peer, number);
    this.#asking.fillSoon();
  }
}
