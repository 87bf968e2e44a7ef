import { equalBytes, toHex } from '../bytes/index.ts';
import { checkSize, HASH_BYTES, LogTreeError, type LogTreeHasher } from './rfc6962-hash.ts';

/** A claim that an entry stands in a tree. Hashes are 32 bytes. */
export interface InclusionClaim {
  readonly index: number;
  readonly leafHash: Uint8Array;
  readonly size: number;
  readonly root: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/** A claim that one tree extends another. Hashes are 32 bytes. */
export interface ConsistencyClaim {
  readonly oldSize: number;
  readonly oldRoot: Uint8Array;
  readonly newSize: number;
  readonly newRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/**
 * Checks an inclusion proof (RFC 9162 §2.1.3.2, for the same proofs as RFC 6962 §2.1.1). Returns when the
 * claim is proved; throws `bad-range` for an index outside the tree, `bad-proof` for a proof that is too
 * short, too long or of wrong hash lengths, `root-mismatch` when it leads to another root.
 */
export function verifyInclusion(claim: InclusionClaim, hasher: LogTreeHasher): void {
  const { index, leafHash, size, root, proof } = claim;
  checkSize('tree size', size);
  checkSize('entry index', index);
  if (index >= size) {
    throw new LogTreeError('bad-range', `entry ${index} is not in a tree of ${size} entries`);
  }
  checkHashes([leafHash, root, ...proof]);
  let at = index;
  let last = size - 1;
  let hash = leafHash;
  for (const sibling of proof) {
    if (last === 0) throw wrongLength(proof, `entry ${index} of ${size}`);
    if (at % 2 === 1 || at === last) {
      hash = hasher.node(sibling, hash);
      while (at % 2 === 0 && at !== 0) {
        at /= 2;
        last = half(last);
      }
    } else {
      hash = hasher.node(hash, sibling);
    }
    at = half(at);
    last = half(last);
  }
  if (last !== 0) throw wrongLength(proof, `entry ${index} of ${size}`);
  checkRoot(hash, root, size);
}

/**
 * Checks a consistency proof (RFC 9162 §2.1.4.2, for the same proofs as RFC 6962 §2.1.2). Returns when the
 * claim is proved; throws `bad-range` unless `0 < oldSize ≤ newSize`, `bad-proof` for a proof of a wrong
 * form, `root-mismatch` when it leads to another old or new root.
 */
export function verifyConsistency(claim: ConsistencyClaim, hasher: LogTreeHasher): void {
  const { oldSize, oldRoot, newSize, newRoot, proof } = claim;
  checkSize('old tree size', oldSize);
  checkSize('new tree size', newSize);
  if (oldSize === 0 || oldSize > newSize) {
    throw new LogTreeError(
      'bad-range',
      `a tree of ${newSize} entries cannot be checked against one of ${oldSize}`,
    );
  }
  checkHashes([oldRoot, newRoot, ...proof]);
  const claimed = `a tree of ${newSize} entries after one of ${oldSize}`;
  if (oldSize === newSize) {
    if (proof.length > 0) throw wrongLength(proof, claimed);
    checkRoot(newRoot, oldRoot, oldSize);
    return;
  }
  let at = oldSize - 1;
  let last = newSize - 1;
  while (at % 2 === 1) {
    at = half(at);
    last = half(last);
  }
  // A complete old tree is the first hash of its own proof; RFC 6962 leaves it out, since it is known.
  const path = at === 0 ? [oldRoot, ...proof] : proof;
  const [first, ...rest] = path;
  if (first === undefined) throw wrongLength(proof, claimed);
  let oldHash = first;
  let newHash = first;
  for (const sibling of rest) {
    if (last === 0) throw wrongLength(proof, claimed);
    if (at % 2 === 1 || at === last) {
      oldHash = hasher.node(sibling, oldHash);
      newHash = hasher.node(sibling, newHash);
      while (at % 2 === 0 && at !== 0) {
        at /= 2;
        last = half(last);
      }
    } else {
      newHash = hasher.node(newHash, sibling);
    }
    at = half(at);
    last = half(last);
  }
  if (last !== 0) throw wrongLength(proof, claimed);
  checkRoot(oldHash, oldRoot, oldSize);
  checkRoot(newHash, newRoot, newSize);
}

function half(value: number): number {
  return Math.floor(value / 2);
}

function checkHashes(hashes: readonly Uint8Array[]): void {
  for (const hash of hashes) {
    if (hash.length !== HASH_BYTES) {
      throw new LogTreeError('bad-proof', `a hash of ${hash.length} bytes where ${HASH_BYTES} belong`);
    }
  }
}

function checkRoot(computed: Uint8Array, claimed: Uint8Array, size: number): void {
  if (!equalBytes(computed, claimed)) {
    throw new LogTreeError(
      'root-mismatch',
      `the proof leads to root ${toHex(computed)} at size ${size}, not to ${toHex(claimed)}`,
    );
  }
}

function wrongLength(proof: readonly Uint8Array[], what: string): LogTreeError {
  return new LogTreeError('bad-proof', `a proof of ${proof.length} hashes does not fit ${what}`);
}
