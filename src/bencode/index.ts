/** Bencode (BEP 3): strict, canonical, bounded; raw spans are kept so that nothing is encoded again to hash. */
export { decode, decodePrefix } from './decode.ts';
export type { Encodable } from './encode.ts';
export { Bencoded, encode } from './encode.ts';
export type { BencodeErrorCode } from './error.ts';
export { BencodeError } from './error.ts';
export type { BencodeLimits } from './limits.ts';
export { MESSAGE_LIMITS, TORRENT_LIMITS } from './limits.ts';
export { BencodeNode } from './node.ts';
