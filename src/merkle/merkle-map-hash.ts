import { CodedError, toUtf8 } from '../bytes/index.ts';
import { type PackedHash, packHash, putHash } from './packed-hash.ts';
import { HASH_BYTES } from './rfc6962-hash.ts';

/** A proof of a map that is malformed, or that leads to another root. */
export class MerkleMapError extends CodedError<'bad-proof' | 'root-mismatch'> {}

/** Bits of a key's hash, and so the most steps of a path. */
export const KEY_BITS = 256;

/** For texts that are hashed: encoding each into an array of its own takes five times as long. */
const SCRATCH_BYTES = 8192;
const encoder = new TextEncoder();

const LEAF = 0x00;
const NODE = 0x01;

/** The hashes that a Merkle map is made of, packed. */
export interface MapHasher {
  /** `SHA-256(key)`: where a key stands. */
  key(key: string): PackedHash;
  /** `SHA-256(value)`. */
  value(value: string): PackedHash;
  /** `SHA-256(0x00 ‖ keyHash ‖ valueHash)`. */
  leaf(keyHash: PackedHash, valueHash: PackedHash): PackedHash;
  /**
   * `SHA-256(0x01 ‖ depth ‖ prefix ‖ left ‖ right)`: `depth` (one byte) counts the leading bits that all keys below
   * share, `prefix` (32 bytes) is those bits of any of them, then zeros.
   */
  node(depth: number, keyHash: PackedHash, left: PackedHash, right: PackedHash): PackedHash;
  /** Root of a map without keys: `SHA-256("")`. */
  readonly empty: PackedHash;
}

/** Makes a map's hashes from a SHA-256 of the caller's, which must not keep the array that it is given. */
export function createMapHasher(sha256: (bytes: Uint8Array) => Uint8Array): MapHasher {
  const leaf = new Uint8Array(1 + 2 * HASH_BYTES);
  const node = new Uint8Array(2 + 3 * HASH_BYTES);
  const scratch = new Uint8Array(SCRATCH_BYTES);
  leaf[0] = LEAF;
  node[0] = NODE;
  const ofText = (text: string): PackedHash => {
    // A unit of a text takes at most three bytes.
    if (3 * text.length > scratch.length) return packHash(sha256(toUtf8(text)));
    const { written } = encoder.encodeInto(text, scratch);
    return packHash(sha256(scratch.subarray(0, written)));
  };
  return {
    key: ofText,
    value: ofText,
    leaf: (keyHash, valueHash) => {
      putHash(keyHash, leaf, 1);
      putHash(valueHash, leaf, 1 + HASH_BYTES);
      return packHash(sha256(leaf));
    },
    node: (depth, keyHash, left, right) => {
      node[1] = depth;
      node.fill(0, 2, 2 + HASH_BYTES);
      const whole = depth >> 3;
      for (let at = 0; at < whole; at += 1) node[2 + at] = keyHash.charCodeAt(at);
      if ((depth & 7) !== 0) node[2 + whole] = keyHash.charCodeAt(whole) & (0xff00 >> (depth & 7));
      putHash(left, node, 2 + HASH_BYTES);
      putHash(right, node, 2 + 2 * HASH_BYTES);
      return packHash(sha256(node));
    },
    empty: packHash(sha256(new Uint8Array(0))),
  };
}
