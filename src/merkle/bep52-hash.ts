import { HASH_BYTES } from './rfc6962-hash.ts';

/** Bytes of a block, the leaf of a file's tree (BEP 52). The last block of a file may be shorter. */
export const BLOCK_BYTES = 16_384;

/** Highest tree that is handled: 2^40 blocks, far above every limit on torrents. */
const MAXIMUM_HEIGHT = 40;

/** The hash that a file's tree is made of, and the hashes of what is missing from it (BEP 52, "pieces root"). */
export interface BlockTreeHasher {
  /** `SHA-256(left ‖ right)` of two 32-byte hashes. */
  pair(left: Uint8Array, right: Uint8Array): Uint8Array;
  /** {@link BlockTreeHasher.pair} of each two of some hashes that stand one after the other, into as many places of `into`. */
  pairs(hashes: Uint8Array, into: Uint8Array): void;
  /** Root of a subtree of `level` levels without any block: level 0 is 32 zero bytes. Not to be changed. */
  pad(level: number): Uint8Array;
}

/**
 * Makes the hasher from a SHA-256 of the caller's: `node:crypto` in Node, another in the browser. `sha256` must
 * not keep the array that it is given. `pairs` does many at once, where the caller has a faster way.
 */
export function createBlockTreeHasher(
  sha256: (bytes: Uint8Array) => Uint8Array,
  pairs?: BlockTreeHasher['pairs'],
): BlockTreeHasher {
  const both = new Uint8Array(2 * HASH_BYTES);
  const pair = (left: Uint8Array, right: Uint8Array): Uint8Array => {
    both.set(left, 0);
    both.set(right, HASH_BYTES);
    return sha256(both);
  };
  const eachPair = (hashes: Uint8Array, into: Uint8Array): void => {
    for (let at = 0; at < hashes.length; at += 2 * HASH_BYTES) {
      into.set(sha256(hashes.subarray(at, at + 2 * HASH_BYTES)), at / 2);
    }
  };
  const pads = [new Uint8Array(HASH_BYTES)];
  while (pads.length <= MAXIMUM_HEIGHT) {
    const below = pads[pads.length - 1] as Uint8Array;
    pads.push(Uint8Array.from(pair(below, below)));
  }
  return { pair, pairs: pairs ?? eachPair, pad: (level) => pads[level] as Uint8Array };
}

/** Levels above the leaves of the smallest tree that holds `leaves` leaves: 0 for one leaf. */
export function treeHeight(leaves: number): number {
  let height = 0;
  while (2 ** height < leaves) height += 1;
  return height;
}
