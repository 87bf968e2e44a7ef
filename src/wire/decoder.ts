import { PIECE_HEADER_BYTES } from './encode.ts';
import { WireError } from './error.ts';
import { WIRE_LIMITS, type WireLimits } from './limits.ts';
import { type BlockSpan, MESSAGE_ID, type PeerMessage } from './message.ts';
import { parseMessage, readUint32 } from './parse-message.ts';

/** Who takes what a {@link MessageDecoder} reads. */
export interface MessageSink {
  /** A whole message other than `piece`. */
  message(message: PeerMessage): void;
  /**
   * A block begins: returns where its bytes go (at least `span.length` long, used until `endBlock` or
   * {@link MessageDecoder.dropBlock}), or `undefined` to pass over them.
   */
  beginBlock(span: BlockSpan): Uint8Array | undefined;
  /** The last byte of the block has come. */
  endBlock(span: BlockSpan): void;
  /** Some payload bytes of the current block have come; for rates and timeouts. */
  blockBytes?(count: number): void;
  /** Copies `chunk` from `from` to before `to` to where `target` has `at`; left out, `TypedArray.set` does it. */
  copy?(chunk: Uint8Array, from: number, to: number, target: Uint8Array, at: number): void;
}

const START_BYTES = 4096;
const NOTHING = new Uint8Array(0);

/**
 * The peer wire protocol after the handshake as a state machine: bytes in, however they are split; messages and
 * blocks out, in order. It owns no socket and reads no clock. Payloads of blocks are copied once, from the chunk
 * to where the sink wants them. `push` throws a `WireError` on the first byte that breaks the protocol; the
 * decoder is then of no more use.
 */
export class MessageDecoder {
  readonly #sink: MessageSink;
  readonly #limits: WireLimits;
  /** Length, id, and for a block its piece index and begin, as far as they have come. */
  readonly #head = new Uint8Array(13);
  #headLength = 0;
  #headNeed = 4;
  #state: 'head' | 'body' | 'block' | 'stopped' = 'head';
  #id = 0;
  #bodyLength = 0;
  /** Bytes of a body that came in several chunks; grows with what has come, not with what was announced. */
  #body = NOTHING;
  #bodyHave = 0;
  #span: BlockSpan = { pieceIndex: 0, begin: 0, length: 0 };
  #target: Uint8Array | undefined;
  #blockHave = 0;

  constructor(sink: MessageSink, limits: WireLimits = WIRE_LIMITS) {
    this.#sink = sink;
    this.#limits = limits;
  }

  /** Takes the next bytes of the stream; keeps no reference to `chunk`. */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#state === 'head') {
        if (this.#headLength === 0 && isPieceHeader(chunk, at)) {
          this.#bodyLength = readUint32(chunk, at) - 1;
          this.#startPiece();
          this.#startBlock(chunk, at + 5);
          at += PIECE_HEADER_BYTES;
          continue;
        }
        while (this.#headLength < this.#headNeed && at < chunk.length) {
          this.#head[this.#headLength] = chunk[at] as number;
          this.#headLength += 1;
          at += 1;
        }
        if (this.#headLength === this.#headNeed) this.#advance();
      } else if (this.#state === 'block') {
        at += this.#takeBlock(chunk, at);
      } else if (this.#state === 'body') {
        at += this.#takeBody(chunk, at);
      } else {
        return;
      }
    }
  }

  /** Passes over the rest of the block that is being read: its target is written no more. */
  dropBlock(): void {
    this.#target = undefined;
  }

  /** Ends the decoder: what is left of the current chunk, and all later ones, are passed over. */
  stop(): void {
    this.#state = 'stopped';
    this.#target = undefined;
    this.#body = NOTHING;
  }

  #advance(): void {
    if (this.#headNeed === 4) {
      const length = readUint32(this.#head, 0);
      if (length === 0) {
        this.#nextMessage();
        this.#sink.message({ type: 'keep-alive' });
      } else {
        this.#bodyLength = length - 1;
        this.#headNeed = 5;
      }
    } else if (this.#headNeed === 5) {
      this.#id = this.#head[4] as number;
      if (this.#id === MESSAGE_ID.piece) this.#startPiece();
      else this.#startBody();
    } else {
      this.#startBlock(this.#head, 5);
    }
  }

  #startPiece(): void {
    const length = this.#bodyLength - 8;
    if (length < 1) {
      throw new WireError(
        'bad-message-length',
        `a piece message of ${this.#bodyLength} bytes holds no block`,
      );
    }
    if (length > this.#limits.blockBytes) {
      throw new WireError(
        'message-too-long',
        `a block of ${length} bytes is longer than the ${this.#limits.blockBytes} that are asked for`,
      );
    }
    this.#headNeed = 13;
  }

  #startBody(): void {
    if (this.#bodyLength + 1 > this.#limits.messageBytes) {
      throw new WireError(
        'message-too-long',
        `message ${this.#id} has ${this.#bodyLength + 1} bytes, the limit is ${this.#limits.messageBytes}`,
      );
    }
    this.#state = 'body';
    this.#bodyHave = 0;
    if (this.#bodyLength === 0) this.#finishBody(NOTHING);
  }

  #takeBody(chunk: Uint8Array, at: number): number {
    const count = Math.min(this.#bodyLength - this.#bodyHave, chunk.length - at);
    const part = chunk.subarray(at, at + count);
    if (this.#bodyHave === 0 && count === this.#bodyLength) {
      this.#finishBody(part);
      return count;
    }
    const have = this.#bodyHave + count;
    if (have > this.#body.length) {
      const grown = new Uint8Array(Math.min(this.#bodyLength, Math.max(START_BYTES, have * 2)));
      grown.set(this.#body.subarray(0, this.#bodyHave));
      this.#body = grown;
    }
    this.#body.set(part, this.#bodyHave);
    this.#bodyHave = have;
    if (have === this.#bodyLength) {
      const body = this.#body.subarray(0, have);
      this.#body = NOTHING;
      this.#finishBody(body);
    }
    return count;
  }

  #finishBody(body: Uint8Array): void {
    const message = parseMessage(this.#id, body);
    this.#nextMessage();
    this.#sink.message(message);
  }

  #startBlock(bytes: Uint8Array, at: number): void {
    this.#span = {
      pieceIndex: readUint32(bytes, at),
      begin: readUint32(bytes, at + 4),
      length: this.#bodyLength - 8,
    };
    this.#state = 'block';
    this.#blockHave = 0;
    this.#target = this.#sink.beginBlock(this.#span);
  }

  #takeBlock(chunk: Uint8Array, at: number): number {
    const count = Math.min(this.#span.length - this.#blockHave, chunk.length - at);
    if (this.#target !== undefined) this.#copy(chunk, at, at + count, this.#target);
    this.#blockHave += count;
    this.#sink.blockBytes?.(count);
    if (this.#blockHave === this.#span.length && this.#state === 'block') {
      const span = this.#span;
      this.#target = undefined;
      this.#nextMessage();
      this.#sink.endBlock(span);
    }
    return count;
  }

  #copy(chunk: Uint8Array, from: number, to: number, target: Uint8Array): void {
    if (this.#sink.copy) this.#sink.copy(chunk, from, to, target, this.#blockHave);
    else target.set(chunk.subarray(from, to), this.#blockHave);
  }

  #nextMessage(): void {
    this.#state = 'head';
    this.#headLength = 0;
    this.#headNeed = 4;
  }
}

/** Whether the whole header of a `piece` message stands there, as it mostly does: it need not be put together. */
function isPieceHeader(chunk: Uint8Array, at: number): boolean {
  return (
    chunk.length - at >= PIECE_HEADER_BYTES && chunk[at + 4] === MESSAGE_ID.piece && readUint32(chunk, at) > 0
  );
}
