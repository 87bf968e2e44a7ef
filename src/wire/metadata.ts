import { decodePrefix, encode, MESSAGE_LIMITS } from '../bencode/index.ts';
import { concatBytes } from '../bytes/index.ts';
import { WireError } from './error.ts';
import { refuseAs } from './extension.ts';

/** The name under which peers exchange the info dictionary (BEP 9). */
export const METADATA_EXTENSION = 'ut_metadata';
/** Length of every metadata piece but the last, in bytes (BEP 9). */
export const METADATA_PIECE_BYTES = 16_384;

/** A message of the metadata extension (BEP 9). */
export type MetadataMessage =
  | { readonly type: 'request' | 'reject'; readonly pieceIndex: number }
  | {
      readonly type: 'data';
      readonly pieceIndex: number;
      readonly totalBytes: number;
      readonly piece: Uint8Array;
    };

const TYPES = ['request', 'data', 'reject'] as const;

/** The payload of an extended message; a piece follows its dictionary unencoded (BEP 9). */
export function encodeMetadataMessage(message: MetadataMessage): Uint8Array<ArrayBuffer> {
  const head = encode({
    msg_type: TYPES.indexOf(message.type),
    piece: message.pieceIndex,
    total_size: message.type === 'data' ? message.totalBytes : undefined,
  });
  return message.type === 'data' ? concatBytes(head, message.piece) : head;
}

/**
 * Reads a metadata message, or `undefined` for a type that BEP 9 says to pass over. Throws
 * `bad-metadata-message`. The piece is a view of `payload`.
 */
export function parseMetadataMessage(payload: Uint8Array): MetadataMessage | undefined {
  return refuseAs('bad-metadata-message', 'a ut_metadata message', () => {
    const head = decodePrefix(payload, MESSAGE_LIMITS);
    const type = TYPES[natural(head.get('msg_type')?.integer(), 'msg_type')];
    if (type === undefined) return undefined;
    const pieceIndex = natural(head.get('piece')?.integer(), 'piece');
    if (type !== 'data') return { type, pieceIndex };
    const piece = payload.subarray(head.end);
    if (piece.length === 0 || piece.length > METADATA_PIECE_BYTES) {
      throw new WireError('bad-metadata-message', `a metadata piece has ${piece.length} bytes`);
    }
    const totalBytes = natural(head.get('total_size')?.integer(), 'total_size');
    return { type, pieceIndex, totalBytes, piece };
  });
}

function natural(value: number | undefined, key: string): number {
  if (value === undefined || value < 0) {
    throw new WireError('bad-metadata-message', `a ut_metadata message has ${value ?? 'no'} ${key}`);
  }
  return value;
}
