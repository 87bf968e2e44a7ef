import type { Brand } from '../bytes/index.ts';
import { HASH_BYTES } from './rfc6962-hash.ts';

/**
 * A hash as a text of 32 characters, one a byte, for maps of many keys: it takes 48 bytes of memory, where a
 * `Uint8Array` of 32 bytes takes 250 and more.
 */
export type PackedHash = Brand<string, 'PackedHash'>;

/** Bits of a hash. */
const HASH_BITS = 8 * HASH_BYTES;

/** Packs a hash, 32 bytes. */
export function packHash(bytes: Uint8Array): PackedHash {
  return Reflect.apply(String.fromCharCode, undefined, bytes) as PackedHash;
}

/** The bytes of a packed hash, 32. */
export function unpackHash(packed: PackedHash): Uint8Array {
  const bytes = new Uint8Array(HASH_BYTES);
  putHash(packed, bytes, 0);
  return bytes;
}

/** Writes a packed hash into 32 bytes at a place. */
export function putHash(packed: PackedHash, bytes: Uint8Array, at: number): void {
  for (let byte = 0; byte < HASH_BYTES; byte += 1) bytes[at + byte] = packed.charCodeAt(byte);
}

/** The bit of a hash at a depth, 0 (left) or 1 (right); bit 0 is the most significant one of the first byte. */
export function bitAt(hash: PackedHash, depth: number): 0 | 1 {
  return ((hash.charCodeAt(depth >> 3) >> (7 - (depth & 7))) & 1) === 1 ? 1 : 0;
}

/** How many leading bits two hashes share: 256 when they are equal. */
export function sharedBits(left: PackedHash, right: PackedHash): number {
  if (left === right) return HASH_BITS;
  let at = 0;
  while (left.charCodeAt(at) === right.charCodeAt(at)) at += 1;
  return at * 8 + Math.clz32(left.charCodeAt(at) ^ right.charCodeAt(at)) - 24;
}
