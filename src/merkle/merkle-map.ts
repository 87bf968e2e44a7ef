import { bitAt, KEY_BITS, type MapHasher, sharedBits } from './merkle-map-hash.ts';
import type { MapProof, MapStep } from './merkle-map-verify.ts';

interface Leaf {
  readonly depth: typeof KEY_BITS;
  readonly keyHash: Uint8Array;
  readonly value: string;
  /** Undefined until somebody asks. */
  hash: Uint8Array | undefined;
}

interface Branch {
  /** Leading bits that all keys below share, which are those of `keyHash`; the next one parts them. */
  readonly depth: number;
  readonly keyHash: Uint8Array;
  readonly children: readonly [Node, Node];
  hash: Uint8Array | undefined;
}

/** A node never changes but for its hash, so that copies of a map share what they have in common. */
type Node = Leaf | Branch;

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
    return leaf !== undefined && sharedBits(leaf.keyHash, keyHash) === KEY_BITS ? leaf.value : undefined;
  }

  /** A map of the same pairs that goes its own way; takes no time. */
  copy(): MerkleMap {
    const copy = new MerkleMap(this.#hasher);
    copy.#root = this.#root;
    copy.#size = this.#size;
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
    this.#root = placed(this.#root, leaf, fork);
  }

  /** Takes a key away. Answers whether it was there. */
  delete(key: string): boolean {
    if (this.#root === undefined || this.get(key) === undefined) return false;
    this.#size -= 1;
    this.#root = without(this.#root, this.#hasher.key(key));
    return true;
  }

  /** Root hash over all pairs, 32 bytes. */
  root(): Uint8Array {
    return this.#root === undefined ? this.#hasher.empty : this.#hashOf(this.#root);
  }

  /** What proves the value of a key, or that it has none, against {@link root}. */
  prove(key: string): MapProof {
    const keyHash = this.#hasher.key(key);
    const steps: MapStep[] = [];
    let node = this.#root;
    while (node !== undefined && node.depth < KEY_BITS) {
      const { depth, children } = node as Branch;
      const side = bitAt(keyHash, depth);
      steps.push({ depth, sibling: this.#hashOf(children[1 - side] as Node) });
      node = children[side];
    }
    if (node === undefined) return { steps };
    const leaf = node as Leaf;
    if (sharedBits(leaf.keyHash, keyHash) === KEY_BITS) return { steps };
    return { steps, other: { keyHash: leaf.keyHash, valueHash: this.#hasher.value(leaf.value) } };
  }

  /** The leaf that a key's bits lead to: its own, or one that shares as many leading bits with it as any. */
  #nearest(keyHash: Uint8Array): Leaf | undefined {
    let node = this.#root;
    while (node !== undefined && node.depth < KEY_BITS) {
      node = (node as Branch).children[bitAt(keyHash, node.depth)];
    }
    return node as Leaf | undefined;
  }

  #hashOf(node: Node): Uint8Array {
    if (node.hash !== undefined) return node.hash;
    const { depth, keyHash } = node;
    if ('children' in node) {
      const [left, right] = node.children;
      node.hash = this.#hasher.node(depth, keyHash, this.#hashOf(left), this.#hashOf(right));
    } else node.hash = this.#hasher.leaf(keyHash, this.#hasher.value(node.value));
    return node.hash;
  }
}

/** A tree with a leaf in it, which parts from the others on its way at the depth `fork`. */
function placed(node: Node, leaf: Leaf, fork: number): Node {
  const { keyHash } = leaf;
  if (node.depth < fork) {
    const { depth, children } = node as Branch;
    const side = bitAt(keyHash, depth);
    return branch(depth, keyHash, side, placed(children[side], leaf, fork), children[1 - side] as Node);
  }
  return fork === KEY_BITS ? leaf : branch(fork, keyHash, bitAt(keyHash, fork), leaf, node);
}

/** A tree without the leaf of a key that is in it; undefined when nothing is left. */
function without(node: Node, keyHash: Uint8Array): Node | undefined {
  if (!('children' in node)) return undefined;
  const side = bitAt(keyHash, node.depth);
  const other = node.children[1 - side] as Node;
  const rest = without(node.children[side], keyHash);
  return rest === undefined ? other : branch(node.depth, node.keyHash, side, rest, other);
}

function branch(depth: number, keyHash: Uint8Array, side: 0 | 1, child: Node, other: Node): Branch {
  return { depth, keyHash, children: side === 0 ? [child, other] : [other, child], hash: undefined };
}
