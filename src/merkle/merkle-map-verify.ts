import { toHex } from '../bytes/index.ts';
import { KEY_BITS, type MapHasher, MerkleMapError } from './merkle-map-hash.ts';
import { bitAt, type PackedHash, packHash, sharedBits, unpackHash } from './packed-hash.ts';
import { HASH_BYTES } from './rfc6962-hash.ts';

/** One fork on the way from the root to a leaf: how many leading bits all keys below it share, and the other side. */
export interface MapStep {
  /** 0 to 255. */
  readonly depth: number;
  /** Hash of the side that the way does not take, 32 bytes. */
  readonly sibling: Uint8Array;
}

/** What proves a key's value, or that it has none. */
export interface MapProof {
  /** From the root downwards, the depths rising. */
  readonly steps: readonly MapStep[];
  /** For a key without a value, in a map that is not empty: the leaf that stands where the key's own would. */
  readonly other?: { readonly keyHash: Uint8Array; readonly valueHash: Uint8Array };
}

/** A claim about one key of a map; `value` undefined: that it has none. Hashes are 32 bytes. */
export interface MapClaim {
  readonly key: string;
  readonly value: string | undefined;
  readonly root: Uint8Array;
  readonly proof: MapProof;
}

/**
 * Checks a claim about a map. Returns when it is proved; throws `bad-proof` for a proof of a wrong form or of
 * something else, `root-mismatch` when it leads to another root.
 *
 * That a key is absent follows from another leaf: were both there, they would part at a fork on that leaf's way, at the
 * depth of the leading bits they share, and there is none.
 */
export function verifyMapProof({ key, value, root, proof }: MapClaim, hasher: MapHasher): void {
  const { steps, other } = proof;
  checkForm(root, proof);
  const keyHash = hasher.key(key);
  if (value !== undefined) {
    if (other !== undefined) throw refuse(key, 'it shows another key');
    checkRoot(key, fold(keyHash, hasher.value(value), steps, hasher), root);
    return;
  }
  if (other === undefined) {
    if (steps.length > 0) throw refuse(key, 'it shows a way to nothing');
    checkRoot(key, hasher.empty, root);
    return;
  }
  const otherKey = packHash(other.keyHash);
  const fork = sharedBits(keyHash, otherKey);
  if (fork === KEY_BITS) throw refuse(key, 'it shows that the key has a value');
  if (steps.some(({ depth }) => depth === fork)) {
    throw refuse(key, 'the key could stand on the other side of a fork that it shows');
  }
  checkRoot(key, fold(otherKey, packHash(other.valueHash), steps, hasher), root);
}

function fold(
  keyHash: PackedHash,
  valueHash: PackedHash,
  steps: readonly MapStep[],
  hasher: MapHasher,
): PackedHash {
  return steps.toReversed().reduce(
    (hash, { depth, sibling }) => {
      const other = packHash(sibling);
      const [left, right] = bitAt(keyHash, depth) === 0 ? [hash, other] : [other, hash];
      return hasher.node(depth, keyHash, left, right);
    },
    hasher.leaf(keyHash, valueHash),
  );
}

function checkForm(root: Uint8Array, { steps, other }: MapProof): void {
  const hashes = [root, ...steps.map(({ sibling }) => sibling)];
  if (other !== undefined) hashes.push(other.keyHash, other.valueHash);
  if (hashes.some(({ length }) => length !== HASH_BYTES)) {
    throw new MerkleMapError('bad-proof', `a hash of a map has ${HASH_BYTES} bytes`);
  }
  let last = -1;
  for (const { depth } of steps) {
    if (!Number.isInteger(depth) || depth <= last || depth >= KEY_BITS) {
      throw new MerkleMapError(
        'bad-proof',
        `the depths of a way rise from 0 to ${KEY_BITS - 1}, not to ${depth}`,
      );
    }
    last = depth;
  }
}

function checkRoot(key: string, computed: PackedHash, root: Uint8Array): void {
  if (computed === packHash(root)) return;
  throw new MerkleMapError(
    'root-mismatch',
    `the proof of ${JSON.stringify(key)} leads to root ${toHex(unpackHash(computed))}, not to ${toHex(root)}`,
  );
}

function refuse(key: string, why: string): MerkleMapError {
  return new MerkleMapError('bad-proof', `the proof of ${JSON.stringify(key)} is refused: ${why}`);
}
