import { CodedError } from '../bytes/index.ts';

/** Why bytes are no bencode, or not the canonical one, or a value has no bencoded form. */
export type BencodeErrorCode =
  | 'too-large'
  | 'too-deep'
  | 'too-many-tokens'
  | 'too-many-digits'
  | 'truncated'
  | 'unexpected-byte'
  | 'bad-integer'
  | 'bad-length'
  | 'bad-key'
  | 'unsorted-keys'
  | 'duplicate-key'
  | 'trailing-bytes'
  | 'wrong-kind'
  | 'unsafe-integer'
  | 'not-encodable';

/** Bytes that are refused as bencode (BEP 3), with the place; or a value that cannot be encoded. */
export class BencodeError extends CodedError<BencodeErrorCode> {}
