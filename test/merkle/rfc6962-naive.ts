import { createHash } from 'node:crypto';
import { concatBytes, toUtf8 } from '../../src/bytes/index.ts';
import { createLogTreeHasher, GrowingTree, type TreeNode } from '../../src/merkle/index.ts';

export const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
export const hasher = createLogTreeHasher(sha256);

/** The functions of RFC 6962 §2.1 word for word, on whole lists of entries: slow, and plainly right. */
export function naiveRoot(entries: readonly Uint8Array[]): Uint8Array {
  if (entries.length === 0) return sha256(new Uint8Array(0));
  if (entries.length === 1) return sha256(concatBytes(Uint8Array.of(0), entries[0] as Uint8Array));
  const k = splitOf(entries.length);
  return sha256(concatBytes(Uint8Array.of(1), naiveRoot(entries.slice(0, k)), naiveRoot(entries.slice(k))));
}

/** `PATH(m, D[n])` of §2.1.1. */
export function naivePath(m: number, entries: readonly Uint8Array[]): Uint8Array[] {
  if (entries.length === 1) return [];
  const k = splitOf(entries.length);
  const left = entries.slice(0, k);
  const right = entries.slice(k);
  return m < k ? [...naivePath(m, left), naiveRoot(right)] : [...naivePath(m - k, right), naiveRoot(left)];
}

/** `PROOF(m, D[n])` of §2.1.2. */
export function naiveProof(m: number, entries: readonly Uint8Array[], known = true): Uint8Array[] {
  if (m === entries.length) return known ? [] : [naiveRoot(entries)];
  const k = splitOf(entries.length);
  const left = entries.slice(0, k);
  const right = entries.slice(k);
  return m <= k
    ? [...naiveProof(m, left, known), naiveRoot(right)]
    : [...naiveProof(m - k, right, false), naiveRoot(left)];
}

function splitOf(size: number): number {
  return 2 ** Math.ceil(Math.log2(size) - 1);
}

/** A tree in memory with every complete node kept, and readers of its nodes and tiles. */
export class TreeInMemory {
  readonly tree: GrowingTree = new GrowingTree(hasher);
  readonly nodes = new Map<string, Uint8Array>();
  reads = 0;

  append(entry: Uint8Array): void {
    this.tree.append(hasher.leaf(entry), (level, index, hash) => this.nodes.set(`${level}/${index}`, hash));
  }

  readNodes = async (wanted: readonly TreeNode[]): Promise<Uint8Array[]> => {
    this.reads += 1;
    return wanted.map(({ level, index }) => {
      const hash = this.nodes.get(`${level}/${index}`);
      if (hash === undefined) throw new Error(`node ${level}/${index} was asked for and is not complete`);
      return hash;
    });
  };

  readTile = async (tile: { level: number; index: number; width: number }): Promise<Uint8Array> => {
    const nodes = Array.from({ length: tile.width }, (_, at) => ({
      level: tile.level * 8,
      index: tile.index * 256 + at,
    }));
    return concatBytes(...(await this.readNodes(nodes)));
  };
}

export function records(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, at) => toUtf8(`record ${at}`));
}
