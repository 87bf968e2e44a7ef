import { bitAt, KEY_BITS, type MapHasher, sharedBits } from './merkle-map-hash.ts';
import type { MapProof, MapStep } from './merkle-map-verify.ts';

interface Leaf {
  readonly depth: typeof KEY_BITS;
  readonly keyHash: Uint8Array;
  readonly key: string;
  value: string;
  /** Undefined after a change below, until somebody asks. */
  hash: Uint8Array | undefined;
}

interface Branch {
  /** Leading bits that all keys below share, which are those of `keyHash`; the next one parts them. */
  readonly depth: number;
  readonly keyHash: Uint8Array;
  children: [Node, Node];
  hash: Uint8Array | undefined;
}

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

  /** Gives a key a value, new or changed. */
  set(key: string, value: string): void {
    const keyHash = this.#hasher.key(key);
    const nearest = this.#nearest(keyHash);
    if (nearest === undefined) {
      this.#root = { depth: KEY_BITS, keyHash, key, value, hash: undefined };
      this.#size = 1;
      return;
    }
    const fork = sharedBits(nearest.keyHash, keyHash);
    if (fork === KEY_BITS) {
      if (nearest.value === value) return;
      this.#touch(keyHash, KEY_BITS);
      nearest.value = value;
      nearest.hash = undefined;
      return;
    }
    const { parent, node } = this.#touch(keyHash, fork);
    const leaf: Leaf = { depth: KEY_BITS, keyHash, key, value, hash: undefined };
    const children: [Node, Node] = bitAt(keyHash, fork) === 0 ? [leaf, node] : [node, leaf];
    this.#hang(parent, { depth: fork, keyHash, children, hash: undefined });
    this.#size += 1;
  }

  /** Takes a key away. Answers whether it was there. */
  delete(key: string): boolean {
    const keyHash = this.#hasher.key(key);
    if (this.get(key) === undefined) return false;
    this.#size -= 1;
    let above: Branch | undefined;
    let parent: Branch | undefined;
    let node = this.#root as Node;
    while (node.depth < KEY_BITS) {
      above = parent;
      parent = node as Branch;
      parent.hash = undefined;
      node = parent.children[bitAt(keyHash, parent.depth)];
    }
    if (parent === undefined) this.#root = undefined;
    else this.#hang(above, parent.children[1 - bitAt(keyHash, parent.depth)] as Node);
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

  /** Forgets the hashes of all branches above a depth on a key's way; the node that comes then, and its parent. */
  #touch(keyHash: Uint8Array, depth: number): { parent: Branch | undefined; node: Node } {
    let parent: Branch | undefined;
    let node = this.#root as Node;
    while (node.depth < depth) {
      parent = node as Branch;
      parent.hash = undefined;
      node = parent.children[bitAt(keyHash, parent.depth)];
    }
    return { parent, node };
  }

  #hang(parent: Branch | undefined, node: Node): void {
    if (parent === undefined) this.#root = node;
    else parent.children[bitAt(node.keyHash, parent.depth)] = node;
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
