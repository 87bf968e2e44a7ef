import { BLOCK_BYTES } from '../../merkle/index.ts';
import { type BlockSpan, type PeerMessage, REQUEST_BYTES, writeSpan } from '../../wire/index.ts';
import { Bitfield } from '../bitfield.ts';
import type { Peer } from '../connection/peer.ts';
import type { Layout } from '../layout.ts';
import type { Throttle } from '../rates/throttle.ts';
import type { BlockSource } from './block-source.ts';
import { LonePieces } from './lone-pieces.ts';
import { ENDGAME_ROOM, Picker } from './picker.ts';
import type { PieceTransfer } from './piece-transfer.ts';
import type { Slots } from './slots.ts';
import { MOST_PIPELINE, mostOwedUnder, Supplier } from './supplier.ts';
import type { ReadWindow } from './urgency.ts';

/** Most blocks a peer may send that nobody asked it for. */
const UNASKED_LIMIT = 4096;
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

/** Fetches blocks from peers: who has what, what is asked of whom, and where the bytes go. */
export class Downloader {
  readonly picker: Picker;
  /** Most blocks that one peer may owe: fewer under a download limit. */
  #mostOwed = MOST_PIPELINE;
  readonly #parts: DownloaderParts;
  readonly #suppliers = new Map<Peer, Supplier>();
  readonly #requests = new RequestBatch();
  readonly #lonePieces: LonePieces;
  #isFillDue = false;
  #wastedBytes = 0;

  constructor(parts: DownloaderParts) {
    this.#parts = parts;
    this.#lonePieces = new LonePieces(parts.stallTimeoutMs);
    const { have } = parts;
    this.picker = new Picker({ ...parts, isWanted: (piece) => !have.has(piece) });
  }

  /** Bytes that came twice or unasked, or had to make room. */
  get wastedBytes(): number {
    return this.#wastedBytes + this.picker.evictedBytes;
  }

  /** Bytes came that nobody wants. */
  waste(bytes: number): void {
    this.#wastedBytes += bytes;
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
    this.fill(supplier);
  }

  leave(peer: Peer): void {
    const supplier = this.#suppliers.get(peer);
    if (!supplier) return;
    this.#suppliers.delete(peer);
    for (let piece = 0; piece < supplier.have.length; piece += 1) {
      if (supplier.have.has(piece)) this.picker.rarity.change(piece, -1);
    }
    this.#releaseAll(supplier);
    this.picker.abandon(supplier);
    this.#fillSoon();
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
        if (!peer.remote.fast) this.#releaseAll(supplier);
        this.picker.abandon(supplier);
        this.#fillSoon();
        break;
      case 'unchoke':
        supplier.refused.clear();
        this.#share();
        this.fill(supplier);
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

  /** Where the bytes of a block go: its place, or, while another peer is writing there, the peer's own scratch. */
  beginBlock(peer: Peer, span: BlockSpan): Uint8Array | undefined {
    const supplier = this.#suppliers.get(peer);
    if (!supplier) return undefined;
    supplier.incoming = undefined;
    const isOwed = supplier.owed.has(this.#numberOf(span));
    if (!isOwed) this.#countUnasked(supplier);
    const transfer = this.picker.transfers.get(span.pieceIndex);
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

  endBlock(peer: Peer, span: BlockSpan): void {
    const supplier = this.#suppliers.get(peer);
    if (!supplier) return;
    const { incoming } = supplier;
    supplier.incoming = undefined;
    if (supplier.answers(this.#numberOf(span))) supplier.finishedBlock();
    if (incoming && this.picker.transfers.get(span.pieceIndex) === incoming.transfer) {
      if (incoming.transfer.isOpen(incoming.block))
        this.#receive(supplier, incoming.transfer, incoming.block);
    }
    // Where there was nothing to ask for, there is nothing until a piece is done, but for the endgame.
    const isIdle = supplier.isStarved && (supplier.owed.size >= ENDGAME_ROOM || this.#suppliers.size === 1);
    if (!isIdle && isWorthAsking(supplier)) this.fill(supplier);
  }

  /** Takes a block of a web seed, unless it came from elsewhere. */
  take(source: BlockSource, transfer: PieceTransfer, block: number, data: Uint8Array): void {
    const isWanted =
      this.picker.transfers.get(transfer.pieceIndex) === transfer &&
      transfer.isOpen(block) &&
      (!transfer.isExclusive || transfer.owner === source);
    if (!isWanted) {
      this.#wastedBytes += data.length;
      return;
    }
    transfer.writerOf(block)?.dropBlock();
    transfer.blockMemory(block).set(data);
    this.#cancelElsewhere(source, transfer, block);
    this.#keep(source, transfer, block);
  }

  /** A web seed sends no more of a piece: what is missing of it is for others. */
  giveUp(source: BlockSource, transfer: PieceTransfer): void {
    if (this.picker.transfers.get(transfer.pieceIndex) !== transfer) return;
    if (!transfer.isWhole) {
      const first = transfer.pieceIndex * this.#parts.layout.blocksPerPiece;
      for (let block = 0; block < transfer.blockCount; block += 1) this.#release(source, first + block);
      this.#fillSoon();
    }
    this.picker.disown(transfer, source);
  }

  /** Somebody reads: what peers owe besides is asked for later, so that nothing is before what is needed now. */
  open(window: ReadWindow): void {
    this.picker.urgency.add(window);
    for (const supplier of this.#suppliers.values()) this.#withdraw(supplier);
    this.#fillSoon();
  }

  close(window: ReadWindow): void {
    this.picker.urgency.remove(window);
  }

  #withdraw(supplier: Supplier): void {
    if (!supplier.peer.remote.fast) return; // nothing would tell whether it obeyed
    const { blocksPerPiece } = this.#parts.layout;
    const { incoming } = supplier;
    for (const number of supplier.owed) {
      const pieceIndex = Math.floor(number / blocksPerPiece);
      const block = number % blocksPerPiece;
      const isComing = incoming?.block === block && incoming.transfer.pieceIndex === pieceIndex;
      if (isComing || !supplier.isOwing(number) || this.picker.urgency.has(pieceIndex)) continue;
      supplier.withdraws(number);
      this.#sendCancel(supplier, pieceIndex, block);
      this.#release(supplier.peer, number);
    }
  }

  #sendCancel({ peer }: Supplier, pieceIndex: number, block: number): void {
    const length = this.picker.transfers.get(pieceIndex)?.blockLength(block) ?? BLOCK_BYTES;
    peer.send({ type: 'cancel', pieceIndex, begin: block * BLOCK_BYTES, length });
  }

  /** Asks those for more whose pipelines ran low. */
  refill(): void {
    for (const supplier of this.#suppliers.values()) if (isWorthAsking(supplier)) this.fill(supplier);
  }

  /** Asks everybody for more. */
  fillAll(): void {
    for (const supplier of this.#suppliers.values()) this.fill(supplier);
  }

  /** Asks a peer for as many blocks as it may owe, in one write. */
  fill(supplier: Supplier): void {
    const { peer } = supplier;
    if (peer.isChoking || !peer.isInteresting || peer.isClosed) return;
    const room = Math.min(supplier.room, this.#mostOwed - supplier.load);
    if (room <= 0 || this.#parts.isBehind()) return;
    supplier.owes(this.#parts.now());
    const requests = this.#requests;
    // Under a limit that holds peers back, asking two of them for one block would only spend it twice.
    const isAlone =
      (this.#suppliers.size === 1 && this.picker.runs.size === 0) || this.#parts.intake.holdsBack;
    requests.count = 0;
    supplier.isStarved = false;
    while (requests.count < room) {
      const pick = this.picker.next(supplier, isAlone);
      if (!pick) {
        supplier.isStarved = true;
        break;
      }
      const { transfer } = pick;
      const first = transfer.pieceIndex * this.#parts.layout.blocksPerPiece;
      // The rest of the piece comes along: choosing costs more than asking.
      for (let block = pick.block; block >= 0; block = requests.count < room ? transfer.ask() : -1) {
        supplier.asks(first + block);
        requests.add(transfer, block);
      }
    }
    if (requests.count > 0) peer.sendBytes(requests.copy());
  }

  /** Tells others that a piece is here; peers that have nothing more of interest are told so. */
  onPieceDone(transfer: PieceTransfer): void {
    this.picker.finish(transfer);
    for (const supplier of this.#suppliers.values()) {
      if (supplier.peer.isInteresting && supplier.owed.size === 0) this.#judge(supplier);
    }
  }

  /** Called once a second. */
  tick(): void {
    this.#share();
    const nowMs = this.#parts.now();
    const fastest = this.#fastest;
    for (const supplier of this.#suppliers.values()) {
      supplier.keptBack = this.#lonePieces.keptBackBy(supplier.peer.address.host, nowMs);
      const silentMs = supplier.tick(nowMs, this.picker.urgency.isOn);
      supplier.isSlow = supplier.bytesPerSecond * SLOW_PART < fastest;
      if (silentMs > this.#parts.stallTimeoutMs) {
        this.#parts.dismiss(supplier.peer, 'stalled', `sent no block for ${Math.round(silentMs / 1000)} s`);
      } else this.fill(supplier);
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

  /** Under a download limit no more is asked for than comes in a few seconds, of everybody alike. */
  #share(): void {
    const { intake } = this.#parts;
    this.#mostOwed = intake.isOn
      ? mostOwedUnder(intake.bytesPerSecond, this.#suppliers.keys())
      : MOST_PIPELINE;
  }

  #receive(supplier: Supplier, transfer: PieceTransfer, block: number): void {
    const { peer } = supplier;
    const writer = transfer.writerOf(block);
    if (writer !== peer) {
      writer?.dropBlock();
      transfer.blockMemory(block).set(supplier.scratch.subarray(0, transfer.blockLength(block)));
    }
    supplier.progressed();
    if (this.#suppliers.size > 1) this.#cancelElsewhere(peer, transfer, block);
    this.#keep(peer, transfer, block);
  }

  #keep(source: BlockSource, transfer: PieceTransfer, block: number): void {
    transfer.receive(block, source);
    if (transfer.isWhole) transfer.isSealed = true;
    this.#parts.onBlock(transfer, block);
    if (transfer.isSealed) this.#parts.onWhole(transfer);
  }

  /** In the endgame others owe the same block: they need not send it (BEP 3, "cancel"). */
  #cancelElsewhere(source: BlockSource, transfer: PieceTransfer, block: number): void {
    const number = transfer.pieceIndex * this.#parts.layout.blocksPerPiece + block;
    for (const other of this.#suppliers.values()) {
      if (other.peer === source || !other.isOwing(number)) continue;
      // What comes all the same is passed over; with the fast extension the answer is awaited (BEP 6).
      if (!other.peer.remote.fast) other.answers(number);
      this.#sendCancel(other, transfer.pieceIndex, block);
    }
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
    if (supplier.owed.size === 0) this.fill(supplier);
  }

  /** Whether a peer has anything that we lack; tells it when that changed. */
  #judge(supplier: Supplier): void {
    const { bits } = this.#parts.have;
    supplier.peer.setInteresting(
      supplier.have.bits.some((byte, index) => (byte & ~(bits[index] as number)) !== 0),
    );
  }

  #isRefused(supplier: Supplier, span: BlockSpan): void {
    const number = this.#numberOf(span);
    if (!supplier.rejects(number)) return;
    if (!supplier.peer.isChoking) supplier.refused.add(span.pieceIndex);
    this.#release(supplier.peer, number);
    this.#fillSoon();
  }

  #releaseAll(supplier: Supplier): void {
    const owed = [...supplier.owed];
    supplier.forgetOwed();
    for (const number of owed) this.#release(supplier.peer, number);
  }

  /** A block will not come from a peer or web seed: it is free, unless a peer owes it too. */
  #release(source: BlockSource, number: number): void {
    const { blocksPerPiece } = this.#parts.layout;
    const transfer = this.picker.transfers.get(Math.floor(number / blocksPerPiece));
    if (!transfer) return;
    const block = number % blocksPerPiece;
    if (transfer.writerOf(block) === source) transfer.setWriter(block, undefined);
    for (const other of this.#suppliers.values()) if (other.isOwing(number)) return;
    transfer.release(block);
    this.picker.reopen(transfer);
  }

  #countUnasked(supplier: Supplier): void {
    supplier.unasked += 1;
    if (supplier.unasked <= UNASKED_LIMIT) return;
    this.#parts.dismiss(supplier.peer, 'protocol', `sent ${supplier.unasked} blocks that nobody asked for`);
  }

  /** The number of a block in the whole torrent; -1 for a span that is no block of it. */
  #numberOf({ pieceIndex, begin }: BlockSpan): number {
    const { blocksPerPiece, pieceLength } = this.#parts.layout;
    if (begin % BLOCK_BYTES !== 0 || begin >= pieceLength) return -1;
    return pieceIndex * blocksPerPiece + begin / BLOCK_BYTES;
  }

  /** Asks everybody for more once the current turn is over, however often it is called in it. */
  #fillSoon(): void {
    if (this.#isFillDue) return;
    this.#isFillDue = true;
    setImmediate(() => {
      this.#isFillDue = false;
      this.fillAll();
    });
  }
}

/** Requests leave many at a time: a write for each would cost more than the block. */
function isWorthAsking(supplier: Supplier): boolean {
  const most = supplier.mostOwed;
  return most - supplier.load >= Math.min(64, most >> 2);
}

/** Requests that leave in one write, put together in memory that is used again and again. */
class RequestBatch {
  count = 0;
  readonly #bytes = Buffer.allocUnsafeSlow(MOST_PIPELINE * REQUEST_BYTES);

  add(transfer: PieceTransfer, block: number): void {
    writeSpan(this.#bytes, this.count * REQUEST_BYTES, 'request', {
      pieceIndex: transfer.pieceIndex,
      begin: block * BLOCK_BYTES,
      length: transfer.blockLength(block),
    });
    this.count += 1;
  }

  /** For the socket, which needs it until it is sent. */
  copy(): Uint8Array {
    return Buffer.from(this.#bytes.subarray(0, this.count * REQUEST_BYTES));
  }
}
