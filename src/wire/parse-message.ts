import { copyBytes } from '../bytes/index.ts';
import { WireError } from './error.ts';
import { type HashRange, MESSAGE_ID, type PeerMessage } from './message.ts';

const NAMES = new Map<number, keyof typeof MESSAGE_ID>(
  Object.entries(MESSAGE_ID).map(([name, id]) => [id, name as keyof typeof MESSAGE_ID]),
);
const HASH_RANGE_BYTES = 48;

/**
 * Reads the body of one message (what follows its id; `piece` excepted, see {@link MessageDecoder}). What the
 * value keeps is copied out of `body`. Throws `bad-message-length` when the body has another length than its
 * message has. Whether indexes make sense for a torrent is for the caller to judge.
 */
export function parseMessage(id: number, body: Uint8Array): PeerMessage {
  const type = NAMES.get(id);
  switch (type) {
    case undefined:
    case 'piece':
      return { type: 'unknown', id };
    case 'have':
    case 'suggest':
    case 'allowed-fast':
      return { type, pieceIndex: readUint32(exactly(type, body, 4), 0) };
    case 'bitfield':
      return { type, bits: copyBytes(body) };
    case 'request':
    case 'cancel':
    case 'reject':
      exactly(type, body, 12);
      return {
        type,
        pieceIndex: readUint32(body, 0),
        begin: readUint32(body, 4),
        length: readUint32(body, 8),
      };
    case 'port':
      exactly(type, body, 2);
      return { type, port: ((body[0] as number) << 8) | (body[1] as number) };
    case 'extended':
      if (body.length === 0) throw badLength(type, 0, 'at least 1');
      return { type, extensionId: body[0] as number, payload: copyBytes(body, 1) };
    case 'hash-request':
    case 'hash-reject':
      return { type, ...parseHashRange(exactly(type, body, HASH_RANGE_BYTES)) };
    case 'hashes':
      if (body.length < HASH_RANGE_BYTES || (body.length - HASH_RANGE_BYTES) % 32 !== 0) {
        throw badLength(type, body.length, '48 and a multiple of 32');
      }
      return { type, ...parseHashRange(body), hashes: copyBytes(body, HASH_RANGE_BYTES) };
    default:
      exactly(type, body, 0);
      return { type };
  }
}

function parseHashRange(body: Uint8Array): HashRange {
  return {
    piecesRoot: copyBytes(body, 0, 32),
    baseLayer: readUint32(body, 32),
    index: readUint32(body, 36),
    length: readUint32(body, 40),
    proofLayers: readUint32(body, 44),
  };
}

function exactly(type: string, body: Uint8Array, length: number): Uint8Array {
  if (body.length !== length) throw badLength(type, body.length, String(length));
  return body;
}

function badLength(type: string, length: number, expected: string): WireError {
  return new WireError('bad-message-length', `a ${type} message has ${length} bytes, not ${expected}`);
}

/** A big-endian unsigned 32-bit integer. */
export function readUint32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}
