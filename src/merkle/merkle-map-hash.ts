import { CodedError, equalBytes, toUtf8 } from '../bytes/index.ts';
import { HASH_BYTES } from './rfc6962-hash.ts';

/** A proof of a map that is malformed, or that leads to another root. */
export class MerkleMapError extends CodedError<'bad-proof' | 'root-mismatch'> {}

/** Bits of a key's hash, and so the most steps of a path. */
export const KEY_BITS = 256;

const LEAF = 0x00;
const NODE = 0x01;

/** The hashes that a Merkle map is made of. */
export interface MapHasher {
  /** `SHA-256(key)`, 32 bytes: where a key stands. */
  key(key: string): Uint8Array;
  /** `SHA-256(value)`, 32 bytes. */
  value(value: string): Uint8Array;
  /** `SHA-256(0x00 ‖ keyHash ‖ valueHash)`. */
  leaf(keyHash: Uint8Array, valueHash: Uint8Array): Uint8Array;
  /**
   * `SHA-256(0x01 ‖ depth ‖ prefix ‖ left ‖ right)`: `depth` (one byte) counts the leading bits that all keys below
   * share, `prefix` (32 bytes) is those bits of any of them, then zeros.
   */
  node(depth: number, keyHash: Uint8Array, left: Uint8Array, right: Uint8Array): Uint8Array;
  /** Root of a map without keys: `SHA-256("")`. */
  readonly empty: Uint8Array;
}

/** Makes a map's hashes from a SHA-256 of the caller's, which must not keep the array that it is given. */
export function createMapHasher(sha256: (bytes: Uint8Array) => Uint8Array): MapHasher {
  const leaf = new Uint8Array(1 + 2 * HASH_BYTES);
  const node = new Uint8Array(2 + 3 * HASH_BYTES);
  leaf[0] = LEAF;
  node[0] = NODE;
  const ofText = (text: string): Uint8Array => sha256(toUtf8(text));
  return {
    key: ofText,
    value: ofText,
    leaf: (keyHash, valueHash) => {
      leaf.set(keyHash, 1);
      leaf.set(valueHash, 1 + HASH_BYTES);
      return sha256(leaf);
    },
    node: (depth, keyHash, left, right) => {
      node[1] = depth;
      node.fill(0, 2, 2 + HASH_BYTES);
      const whole = depth >> 3;
      node.set(keyHash.subarray(0, whole), 2);
      if ((depth & 7) !== 0) node[2 + whole] = (keyHash[whole] as number) & (0xff00 >> (depth & 7));
      node.set(left, 2 + HASH_BYTES);
      node.set(right, 2 + 2 * HASH_BYTES);
      return sha256(node);
    },
    empty: sha256(new Uint8Array(0)),
  };
}

/** The bit of a hash at a depth, 0 (left) or 1 (right); bit 0 is the most significant one of the first byte. */
export function bitAt(hash: Uint8Array, depth: number): 0 | 1 {
  return (((hash[depth >> 3] as number) >> (7 - (depth & 7))) & 1) === 1 ? 1 : 0;
}

/** How many leading bits two hashes share: 256 when they are equal. */
export function sharedBits(left: Uint8Array, right: Uint8Array): number {
  if (equalBytes(left, right)) return KEY_BITS;
  let at = 0;
  while (left[at] === right[at]) at += 1;
  return at * 8 + Math.clz32((left[at] as number) ^ (right[at] as number)) - 24;
}
