import { KEY_BITS, type MapHasher } from './merkle-map-hash.ts';
import type { MapProof, MapStep } from './merkle-map-verify.ts';
import { bitAt, type PackedHash, sharedBits, unpackHash } from './packed-hash.ts';

interface Leaf {
  readonly depth: typeof KEY_BITS;
  readonly keyHash: PackedHash;
  readonly value: string;
  /** Undefined until somebody asks. */
  hash: PackedHash | undefined;
}

interface Branch {
  /** Leading bits that all keys below share, which are those of `keyHash`; the next one parts them. */
  readonly depth: number;
  readonly keyHash: PackedHash;
  left: Node;
  right: Node;
  hash: PackedHash | undefined;
  /** The map that may change it: whoever else holds it makes a copy. */
  readonly owner: Owner;
}

/** Copies of a map share the nodes that they have in common. */
type Node = Leaf | Branch;

/** Stands for a map between two copies of it. */
interface Owner {
  readonly isOwner: true;
}

/**
 * A map from texts to texts with one root hash, the same for everybody who holds the same pairs, however they came
 * in: a binary trie over `SHA-256(key)` whose chains without a fork are left out. Proves that a key has a value, or that
 * it has none. A change costs the path to its leaf, about log2(n) steps; hashes are computed when a root or proof is
 * asked for, each once.
 *
 * @example
 * const map = new MerkleMap(createMapHasher(sha256));
 * map.set('name:pkg:npm/small@1.0.0', '{"live":"…"}');
 * verifyMapProof({ key, value: map.get(key), root: map.root(), proof: map.prove(key) }, hasher);
 */
export class MerkleMap {
  readonly #hasher: MapHasher;
  #root: Node | undefined;
  #size = 0;
  /** Changes with each copy: nodes made before belong to both. */
  #owner: Owner = { isOwner: true };

  constructor(hasher: MapHasher) {
    this.#hasher = hasher;
  }

  /** Keys that it holds. */
  get size(): number {
    return this.#size;
  }

  /** The value of a key, if it has one. */
  get(key: string): string | undefined {
    const keyHash = this.#hasher.key(key);
    const leaf = this.#nearest(keyHash);
    return leaf?.keyHash === keyHash ? leaf.value : undefined;
  }

  /** A map of the same pairs that goes its own way; takes no time. */
  copy(): MerkleMap {
    const copy = new MerkleMap(this.#hasher);
    copy.#root = this.#root;
    copy.#size = this.#size;
    this.#owner = { isOwner: true };
    return copy;
  }

  /** Gives a key a value, new or changed. */
  set(key: string, value: string): void {
    const keyHash = this.#hasher.key(key);
    const leaf: Leaf = { depth: KEY_BITS, keyHash, value, hash: undefined };
    const nearest = this.#nearest(keyHash);
    if (this.#root === undefined || nearest === undefined) {
      this.#root = leaf;
      this.#size = 1;
      return;
    }
    const fork = sharedBits(nearest.keyHash, keyHash);
    if (fork === KEY_BITS && nearest.value === value) return;
    if (fork < KEY_BITS) this.#size += 1;
    this.#root = this.#placed(this.#root, leaf, fork);
  }

  /** Takes a key away. Answers whether it was there. */
  delete(key: string): boolean {
    const keyHash = this.#hasher.key(key);
    if (this.#root === undefined || this.#nearest(keyHash)?.keyHash !== keyHash) return false;
    this.#size -= 1;
    this.#root = this.#without(this.#root, keyHash);
    return true;
  }

  /** Root hash over all pairs, 32 bytes. */
  root(): Uint8Array {
    return unpackHash(this.#root === undefined ? this.#hasher.empty : this.#hashOf(this.#root));
  }

  /**
   * Computes what a key's way needs of hashes from a depth on, as if for {@link root}: so that of many changes most is
   * done before the root is asked for, and what they have in common near the root is not done for each of them.
   */
  hashBelow(depth: number, key: string): void {
    const keyHash = this.#hasher.key(key);
    let node = this.#root;
    while (node !== undefined && node.depth < depth) node = childOf(node as Branch, keyHash);
    if (node !== undefined) this.#hashOf(node);
  }

  /** What proves the value of a key, or that it has none, against {@link root}. */
  prove(key: string): MapProof {
    const keyHash = this.#hasher.key(key);
    const steps: MapStep[] = [];
    let node = this.#root;
    while (node !== undefined && node.depth < KEY_BITS) {
      const { depth, left, right } = node as Branch;
      const [child, other] = bitAt(keyHash, depth) === 0 ? [left, right] : [right, left];
      steps.push({ depth, sibling: unpackHash(this.#hashOf(other)) });
      node = child;
    }
    if (node === undefined) return { steps };
    const leaf = node as Leaf;
    if (leaf.keyHash === keyHash) return { steps };
    const valueHash = unpackHash(this.#hasher.value(leaf.value));
    return { steps, other: { keyHash: unpackHash(leaf.keyHash), valueHash } };
  }

  /** The leaf that a key's bits lead to: its own, or one that shares as many leading bits with it as any. */
  #nearest(keyHash: PackedHash): Leaf | undefined {
    let node = this.#root;
    while (node !== undefined && node.depth < KEY_BITS) node = childOf(node as Branch, keyHash);
    return node as Leaf | undefined;
  }

  /** A tree with a leaf in it, which parts from the others on its way at the depth `fork`. */
  #placed(node: Node, leaf: Leaf, fork: number): Node {
    const { keyHash } = leaf;
    if (node.depth < fork) {
      const branch = node as Branch;
      return this.#withChild(branch, keyHash, this.#placed(childOf(branch, keyHash), leaf, fork));
    }
    if (fork === KEY_BITS) return leaf;
    const [left, right] = bitAt(keyHash, fork) === 0 ? [leaf, node] : [node, leaf];
    return { depth: fork, keyHash, left, right, hash: undefined, owner: this.#owner };
  }

  /** A tree without the leaf of a key that is in it; undefined when nothing is left. */
  #without(node: Node, keyHash: PackedHash): Node | undefined {
    if (node.depth === KEY_BITS) return undefined;
    const branch = node as Branch;
    const rest = this.#without(childOf(branch, keyHash), keyHash);
    if (rest !== undefined) return this.#withChild(branch, keyHash, rest);
    return bitAt(keyHash, branch.depth) === 0 ? branch.right : branch.left;
  }

  /** A branch with another child on the side of a key. */
  #withChild(branch: Branch, keyHash: PackedHash, child: Node): Branch {
    const own = branch.owner === this.#owner ? branch : { ...branch, owner: this.#owner };
    if (bitAt(keyHash, branch.depth) === 0) own.left = child;
    else own.right = child;
    own.hash = undefined;
    return own;
  }

  #hashOf(node: Node): PackedHash {
    if (node.hash !== undefined) return node.hash;
    const { depth, keyHash } = node;
    if ('left' in node) {
      node.hash = this.#hasher.node(depth, keyHash, this.#hashOf(node.left), this.#hashOf(node.right));
    } else node.hash = this.#hasher.leaf(keyHash, this.#hasher.value(node.value));
    return node.hash;
  }
}

function childOf({ depth, left, right }: Branch, keyHash: PackedHash): Node {
  return bitAt(keyHash, depth) === 0 ? left : right;
}
