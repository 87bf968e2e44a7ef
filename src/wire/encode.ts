import { InternalError } from '../bytes/index.ts';
import { type BlockSpan, type HashRange, MESSAGE_ID, type PeerMessage } from './message.ts';

/** Bytes before the payload of a `piece` message: length, id, piece index, begin. */
export const PIECE_HEADER_BYTES = 13;
/** Bytes of a `request`, `cancel` or `reject` message. */
export const REQUEST_BYTES = 17;

/** One message as it goes on the wire: big-endian length, id, body (BEP 3, 6, 10, 52). */
export function encodeMessage(message: PeerMessage): Uint8Array<ArrayBuffer> {
  switch (message.type) {
    case 'keep-alive':
      return new Uint8Array(4);
    case 'have':
    case 'suggest':
    case 'allowed-fast':
      return withBody(MESSAGE_ID[message.type], 4, (view) => view.setUint32(0, message.pieceIndex));
    case 'bitfield':
      return withBytes(MESSAGE_ID.bitfield, [], message.bits);
    case 'request':
    case 'cancel':
    case 'reject': {
      const bytes = new Uint8Array(REQUEST_BYTES);
      writeSpan(bytes, 0, message.type, message);
      return bytes;
    }
    case 'port':
      return withBody(MESSAGE_ID.port, 2, (view) => view.setUint16(0, message.port));
    case 'extended':
      return withBytes(MESSAGE_ID.extended, [message.extensionId], message.payload);
    case 'hash-request':
    case 'hash-reject':
      return encodeHashRange(MESSAGE_ID[message.type], message, new Uint8Array(0));
    case 'hashes':
      return encodeHashRange(MESSAGE_ID.hashes, message, message.hashes);
    case 'unknown':
      throw new InternalError(`message ${message.id} has no form that is written`);
    default:
      return withBody(MESSAGE_ID[message.type], 0, () => undefined);
  }
}

/** Writes a `request`, `cancel` or `reject` at `at`: {@link REQUEST_BYTES} bytes. */
export function writeSpan(
  bytes: Uint8Array,
  at: number,
  type: 'request' | 'cancel' | 'reject',
  span: BlockSpan,
): void {
  writeUint32(bytes, at, 13);
  bytes[at + 4] = MESSAGE_ID[type];
  writeUint32(bytes, at + 5, span.pieceIndex);
  writeUint32(bytes, at + 9, span.begin);
  writeUint32(bytes, at + 13, span.length);
}

/** Writes what stands before a block of `length` bytes: {@link PIECE_HEADER_BYTES} bytes at `at`. */
export function writePieceHeader(bytes: Uint8Array, at: number, span: BlockSpan): void {
  writeUint32(bytes, at, 9 + span.length);
  bytes[at + 4] = MESSAGE_ID.piece;
  writeUint32(bytes, at + 5, span.pieceIndex);
  writeUint32(bytes, at + 9, span.begin);
}

function encodeHashRange(id: number, range: HashRange, hashes: Uint8Array): Uint8Array<ArrayBuffer> {
  return withBody(id, 48 + hashes.length, (view, bytes) => {
    bytes.set(range.piecesRoot, 0);
    view.setUint32(32, range.baseLayer);
    view.setUint32(36, range.index);
    view.setUint32(40, range.length);
    view.setUint32(44, range.proofLayers);
    bytes.set(hashes, 48);
  });
}

function withBytes(id: number, prefix: readonly number[], bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return withBody(id, prefix.length + bytes.length, (_, body) => {
    body.set(prefix, 0);
    body.set(bytes, prefix.length);
  });
}

function withBody(
  id: number,
  length: number,
  fill: (view: DataView, body: Uint8Array) => void,
): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(5 + length);
  writeUint32(message, 0, 1 + length);
  message[4] = id;
  fill(new DataView(message.buffer, 5), message.subarray(5));
  return message;
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = (value >>> 16) & 0xff;
  bytes[at + 2] = (value >>> 8) & 0xff;
  bytes[at + 3] = value & 0xff;
}
