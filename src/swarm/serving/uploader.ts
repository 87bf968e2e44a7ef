import { BLOCK_BYTES } from '../../merkle/index.ts';
import { type BlockSpan, PIECE_HEADER_BYTES, writePieceHeader } from '../../wire/index.ts';
import type { Peer } from '../connection/peer.ts';
import type { Content } from '../disk/content.ts';
import { SwarmError } from '../error.ts';
import type { Layout } from '../layout.ts';
import type { Throttle } from '../rates/throttle.ts';
import { readRun } from './read-run.ts';
import type { RecentReads } from './recent-reads.ts';
import type { SendBuffer, SendBuffers } from './send-buffers.ts';

/** Most requests of a peer that wait; told to it as `reqq`. */
export const REQUEST_QUEUE = 1024;
/** Writes under way to one peer. */
const WRITES_AHEAD = 4;
/** How many times the patience with silent seeders a peer may take to read what it asked for, while others wait. */
const READING_PATIENCE = 3;

/** What is served, and by which means. */
export interface UploadSource {
  readonly layout: Layout;
  readonly content: Content;
  readonly recent: RecentReads;
  readonly buffers: SendBuffers;
  readonly throttle: Throttle;
  readonly has: (pieceIndex: number) => boolean;
  readonly options: { readonly stallTimeoutMs: number };
  readonly now: () => number;
  /** The content could not be read. */
  readonly onReadError: (error: SwarmError) => void;
}

/**
 * Serves one peer: requests in the order they came, those that lie behind one another in a file merged. One `readv`
 * puts the data between message heads that stand already, one write sends them: up to 64 blocks at a time.
 */
export class Uploader {
  readonly #peer: Peer;
  readonly #source: UploadSource;
  readonly #queue: BlockSpan[] = [];
  readonly #pumpAgain: () => void;
  #underWay = 0;
  /** When a write began while none was under way, or the last one was done. */
  #lastSentMs = 0;

  constructor(peer: Peer, source: UploadSource) {
    this.#peer = peer;
    this.#source = source;
    this.#pumpAgain = () => this.#pump();
    peer.onDrain(this.#pumpAgain);
  }

  /** A request of the peer. What cannot be served is rejected where the peer knows rejects (BEP 6). */
  request(span: BlockSpan): void {
    if (this.#peer.isChoked || !this.#isValid(span)) {
      this.#reject(span);
      return;
    }
    if (this.#queue.length >= REQUEST_QUEUE) {
      this.#reject(span);
      return;
    }
    this.#queue.push(span);
    if (this.#underWay === 0) this.#pumpSoon();
  }

  /** Requests that wait. */
  get waiting(): number {
    return this.#queue.length;
  }

  cancel(span: BlockSpan): void {
    const at = this.#queue.findIndex(
      (each) =>
        each.pieceIndex === span.pieceIndex && each.begin === span.begin && each.length === span.length,
    );
    if (at < 0) return; // on its way already
    this.#queue.splice(at, 1);
    this.#reject(span);
  }

  /** The peer was choked: what it asked for is refused. */
  refuseAll(): void {
    for (const span of this.#queue.splice(0)) this.#reject(span);
  }

  /** Called once a second: lets go of a peer that holds memory and does not read, while there is none for others. */
  tick(): void {
    const { buffers, options, now } = this.#source;
    if (this.#underWay === 0 || !buffers.isExhausted) return;
    if (now() - this.#lastSentMs <= READING_PATIENCE * options.stallTimeoutMs) return;
    this.#peer.close(new SwarmError('timed-out', `${this.#peer.name} does not read what it asked for`));
  }

  /** Requests come many at a time: wait for all of them, so that they can be merged. */
  #pumpSoon(): void {
    if (this.#queue.length === 1) queueMicrotask(() => this.#pump());
  }

  #pump(): void {
    while (this.#queue.length > 0 && this.#underWay < WRITES_AHEAD && !this.#peer.isClosed) {
      const { buffers, throttle, now } = this.#source;
      const most = throttle.admits(this.#pumpAgain);
      if (most === 0) return;
      const buffer = buffers.take(this.#underWay, this.#pumpAgain);
      if (!buffer) return;
      if (this.#underWay === 0) this.#lastSentMs = now();
      this.#underWay += 1;
      const run = this.#takeRun(Math.min(most, buffer.room));
      if (throttle.isOn) throttle.pay(run.reduce((sum, { length }) => sum + length, 0));
      void this.#send(run, buffer);
    }
  }

  /** The first request and those that continue it in the same file, no more than a limit lets pass. */
  #takeRun(most: number): BlockSpan[] {
    const { layout } = this.#source;
    const [first] = this.#queue as [BlockSpan, ...BlockSpan[]];
    const { file } = layout.place(first.pieceIndex);
    let end = first.pieceIndex * layout.pieceLength + first.begin + first.length;
    let count = 1;
    for (; count < Math.min(most, this.#queue.length); count += 1) {
      const next = this.#queue[count] as BlockSpan;
      const start = next.pieceIndex * layout.pieceLength + next.begin;
      const inFile =
        next.pieceIndex >= file.firstPiece && next.pieceIndex < file.firstPiece + file.pieceCount;
      if (start !== end || !inFile) break;
      end = start + next.length;
    }
    return this.#queue.splice(0, count);
  }

  async #send(run: readonly BlockSpan[], buffer: SendBuffer): Promise<void> {
    try {
      const length = await this.#fill(run, buffer);
      this.#peer.sentBlockBytes += length - run.length * PIECE_HEADER_BYTES;
      this.#peer.sendBytes(buffer.bytes.subarray(0, length), () => this.#sent(buffer));
    } catch (error) {
      this.#sent(buffer);
      for (const span of run) this.#reject(span);
      this.#source.onReadError(
        error instanceof SwarmError
          ? error
          : new SwarmError('disk', (error as Error).message, { cause: error }),
      );
    }
  }

  #sent(buffer: SendBuffer): void {
    this.#underWay -= 1;
    this.#lastSentMs = this.#source.now();
    this.#source.buffers.give(buffer);
    this.#pump();
  }

  /**
   * Puts heads and data into the buffer; returns how many bytes. Beyond the file's end come zeros: libtorrent 2.0.8
   * asks for whole blocks there, and peers of a hybrid's v1 swarm for its padding (BEP 47), which is on no disk.
   */
  async #fill(run: readonly BlockSpan[], buffer: SendBuffer): Promise<number> {
    const { bytes } = buffer;
    const { layout, content, recent } = this.#source;
    const [first] = run as readonly [BlockSpan, ...BlockSpan[]];
    const place = layout.place(first.pieceIndex);
    const views: Uint8Array[] = [];
    let at = 0;
    let lastPiece = first.pieceIndex;
    let { length: pieceBytes } = place;
    for (const span of run) {
      const { pieceIndex, begin, length } = span;
      if (pieceIndex !== lastPiece) {
        lastPiece = pieceIndex;
        pieceBytes = layout.place(pieceIndex).length;
      }
      writePieceHeader(bytes, at, span);
      at += PIECE_HEADER_BYTES;
      const data = Math.max(0, Math.min(length, pieceBytes - begin));
      if (data > 0) views.push(buffer.part(at, data));
      if (data < length) bytes.fill(0, at + data, at + length);
      at += length;
    }
    if (views.length > 0) {
      const lease = await content.borrow(place.file, 'read');
      const { fd } = lease;
      const position = place.position + first.begin;
      try {
        const { path } = place.file;
        await readRun({ fd, position, views, firstPiece: first.pieceIndex, lastPiece, path }, recent);
      } finally {
        lease.release();
      }
    }
    return at;
  }

  #isValid({ pieceIndex, begin, length }: BlockSpan): boolean {
    const { layout, has } = this.#source;
    return (
      pieceIndex < layout.pieceCount &&
      length > 0 &&
      length <= BLOCK_BYTES &&
      begin + length <= layout.pieceLength &&
      has(pieceIndex)
    );
  }

  #reject(span: BlockSpan): void {
    if (this.#peer.remote.fast) this.#peer.send({ ...span, type: 'reject' });
  }
}
