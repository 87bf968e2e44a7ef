import { CodedError } from '../bytes/index.ts';

/** A proof, a tile or a range that is not what RFC 6962 or C2SP tlog-tiles says it must be. */
export class LogTreeError extends CodedError<'bad-range' | 'bad-proof' | 'root-mismatch' | 'bad-tile'> {}

/** The two hashes that a log's tree is made of, and the root of the empty tree (RFC 6962 §2.1). */
export interface LogTreeHasher {
  /** `SHA-256(0x00 ‖ entry)`: 32 bytes. */
  leaf(entry: Uint8Array): Uint8Array;
  /** `SHA-256(0x01 ‖ left ‖ right)` of two 32-byte hashes: 32 bytes. */
  node(left: Uint8Array, right: Uint8Array): Uint8Array;
  /** `SHA-256("")`: 32 bytes. */
  readonly empty: Uint8Array;
}

/** Bytes of every hash in the tree. */
export const HASH_BYTES = 32;
/** Largest size of a tree: JavaScript counts no further exactly. */
export const MAX_TREE_SIZE = Number.MAX_SAFE_INTEGER;

const LEAF_PREFIX = 0x00;
const NODE_PREFIX = 0x01;

/**
 * Makes the hashes of a log's tree from a SHA-256 of the caller's: `node:crypto` in Node, another in the
 * browser. `sha256` must not keep the array that it is given.
 */
export function createLogTreeHasher(sha256: (bytes: Uint8Array) => Uint8Array): LogTreeHasher {
  const pair = new Uint8Array(1 + 2 * HASH_BYTES);
  pair[0] = NODE_PREFIX;
  return {
    leaf: (entry) => {
      const bytes = new Uint8Array(1 + entry.length);
      bytes[0] = LEAF_PREFIX;
      bytes.set(entry, 1);
      return sha256(bytes);
    },
    node: (left, right) => {
      pair.set(left, 1);
      pair.set(right, 1 + HASH_BYTES);
      return sha256(pair);
    },
    empty: sha256(new Uint8Array(0)),
  };
}

/** Refuses anything but a whole number from 0 to {@link MAX_TREE_SIZE}. Throws `bad-range`. */
export function checkSize(what: string, size: number): void {
  if (!Number.isSafeInteger(size) || size < 0) {
    throw new LogTreeError('bad-range', `${what} is ${size}: give a whole number from 0 to ${MAX_TREE_SIZE}`);
  }
}
