import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { concatBytes, toHex } from '../../src/bytes/index.ts';
import {
  edgeNodes,
  GrowingTree,
  LogTreeError,
  proveConsistency,
  proveInclusion,
  tileNodeReader,
  verifyConsistency,
  verifyInclusion,
} from '../../src/merkle/index.ts';
import { hasher, naivePath, naiveProof, naiveRoot, records, TreeInMemory } from './rfc6962-naive.ts';

const MAX = 700;
const all = records(MAX);
const memory = new TreeInMemory();
for (const entry of all) memory.append(entry);

const hex = (hashes: readonly Uint8Array[]): string[] => hashes.map(toHex);
const sizes = fc.integer({ min: 1, max: MAX });
const refusedWith =
  (...codes: string[]) =>
  (error: unknown): boolean =>
    error instanceof LogTreeError && codes.includes(error.code);

suite('a growing tree', () => {
  test('has at every size the root of RFC 6962, and goes on from its edge', async () => {
    for (let size = 0; size <= 130; size += 1) {
      const tree = new GrowingTree(hasher, size, await memory.readNodes(edgeNodes(size)));
      assert.equal(toHex(tree.root()), toHex(naiveRoot(all.slice(0, size))), `size ${size}`);
      const copy = tree.copy();
      copy.append(hasher.leaf(all[size] as Uint8Array));
      assert.equal(toHex(copy.root()), toHex(naiveRoot(all.slice(0, size + 1))));
      assert.equal(tree.size, size, 'the original stays as it was');
    }
  });

  test('refuses an edge of another size', () => {
    assert.throws(() => new GrowingTree(hasher, 5, [hasher.empty]), /edge hashes/);
  });
});

suite('proofs', () => {
  test('of inclusion are those of the recursion in RFC 6962 §2.1.1, for all sizes up to 66', async () => {
    for (let size = 1; size <= 66; size += 1) {
      const entries = all.slice(0, size);
      const root = naiveRoot(entries);
      for (let index = 0; index < size; index += 1) {
        const proof = await proveInclusion(index, size, memory.readNodes, hasher);
        assert.deepEqual(hex(proof), hex(naivePath(index, entries)), `entry ${index} of ${size}`);
        const leafHash = hasher.leaf(entries[index] as Uint8Array);
        verifyInclusion({ index, size, root, leafHash, proof }, hasher);
      }
    }
  });

  test('of consistency are those of the recursion in RFC 6962 §2.1.2, for all sizes up to 66', async () => {
    for (let newSize = 1; newSize <= 66; newSize += 1) {
      const entries = all.slice(0, newSize);
      const newRoot = naiveRoot(entries);
      for (let oldSize = 1; oldSize <= newSize; oldSize += 1) {
        const proof = await proveConsistency(oldSize, newSize, memory.readNodes, hasher);
        assert.deepEqual(hex(proof), hex(naiveProof(oldSize, entries)), `${oldSize} to ${newSize}`);
        const oldRoot = naiveRoot(entries.slice(0, oldSize));
        verifyConsistency({ oldSize, newSize, oldRoot, newRoot, proof }, hasher);
      }
    }
  });

  test('from tiles are the same, each tile read once', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, sizes, fc.nat(), async (one, other, at) => {
        const oldSize = Math.min(one, other);
        const newSize = Math.max(one, other);
        const asked: string[] = [];
        const readNodes = tileNodeReader(
          newSize,
          async (tile) => {
            asked.push(`${tile.level}/${tile.index}`);
            return memory.readTile(tile);
          },
          hasher,
        );
        const index = at % newSize;
        const entries = all.slice(0, newSize);
        const inclusion = await proveInclusion(index, newSize, readNodes, hasher);
        assert.deepEqual(hex(inclusion), hex(naivePath(index, entries)));
        assert.equal(new Set(asked).size, asked.length);
        const consistency = await proveConsistency(oldSize, newSize, readNodes, hasher);
        assert.deepEqual(hex(consistency), hex(naiveProof(oldSize, entries)));
      }),
      { numRuns: 60 },
    );
  });

  test('with one bit turned anywhere are refused', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, sizes, fc.nat(), fc.nat(), async (one, other, at, bit) => {
        const oldSize = Math.min(one, other);
        const newSize = Math.max(one, other);
        const oldRoot = naiveRoot(all.slice(0, oldSize));
        const newRoot = naiveRoot(all.slice(0, newSize));
        const index = at % newSize;
        const leafHash = hasher.leaf(all[index] as Uint8Array);
        const path = await proveInclusion(index, newSize, memory.readNodes, hasher);
        const parts = turnBit([leafHash, newRoot, ...path], bit);
        const [badLeaf, badRoot, ...badPath] = parts as [Uint8Array, Uint8Array, ...Uint8Array[]];
        assert.throws(
          () =>
            verifyInclusion(
              { index, size: newSize, leafHash: badLeaf, root: badRoot, proof: badPath },
              hasher,
            ),
          refusedWith('root-mismatch'),
        );
        const proof = await proveConsistency(oldSize, newSize, memory.readNodes, hasher);
        const [badOld, badNew, ...badProof] = turnBit([oldRoot, newRoot, ...proof], bit) as [
          Uint8Array,
          Uint8Array,
          ...Uint8Array[],
        ];
        assert.throws(
          () =>
            verifyConsistency(
              { oldSize, newSize, oldRoot: badOld, newRoot: badNew, proof: badProof },
              hasher,
            ),
          refusedWith('root-mismatch'),
        );
      }),
      { numRuns: 100 },
    );
  });

  test('of a wrong length are refused, whatever hashes they hold', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(), async (size, at) => {
        const index = at % size;
        const root = naiveRoot(all.slice(0, size));
        const leafHash = hasher.leaf(all[index] as Uint8Array);
        const proof = await proveInclusion(index, size, memory.readNodes, hasher);
        for (const wrong of [
          [...proof, root],
          ...(proof.length > 0 ? [proof.slice(1), proof.slice(0, -1)] : []),
        ]) {
          assert.throws(
            () => verifyInclusion({ index, size, root, leafHash, proof: wrong }, hasher),
            refusedWith('bad-proof'),
          );
        }
      }),
      { numRuns: 60 },
    );
  });

  test('stay exact far beyond 32 bits', async () => {
    // A tree of 2^52 + 5 entries whose complete nodes hash to their own names.
    const size = 2 ** 52 + 5;
    const asked: string[] = [];
    const nameHash = (text: string): Uint8Array => hasher.leaf(new TextEncoder().encode(text));
    const readNodes = async (nodes: readonly { level: number; index: number }[]) =>
      nodes.map(({ level, index }) => {
        asked.push(`${level}/${index}`);
        return nameHash(`${level}/${index}`);
      });
    const proof = await proveInclusion(2 ** 52 + 4, size, readNodes, hasher);
    assert.deepEqual(asked.sort(), ['2/1125899906842624', '52/0']);
    const edge = [nameHash('52/0'), nameHash('2/1125899906842624'), nameHash(`0/${2 ** 52 + 4}`)];
    const root = new GrowingTree(hasher, size, edge).root();
    verifyInclusion({ index: size - 1, size, root, leafHash: edge[2] as Uint8Array, proof }, hasher);
  });

  test('are refused for what is not in the tree', async () => {
    const nothing = async () => [];
    await assert.rejects(proveInclusion(5, 5, nothing, hasher), refusedWith('bad-range'));
    await assert.rejects(proveInclusion(-1, 5, nothing, hasher), refusedWith('bad-range'));
    await assert.rejects(proveInclusion(0.5, 5, nothing, hasher), refusedWith('bad-range'));
    await assert.rejects(proveInclusion(0, 2 ** 53, nothing, hasher), refusedWith('bad-range'));
    await assert.rejects(proveConsistency(0, 5, nothing, hasher), refusedWith('bad-range'));
    await assert.rejects(proveConsistency(6, 5, nothing, hasher), refusedWith('bad-range'));
    await assert.rejects(
      tileNodeReader(5, memory.readTile, hasher)([{ level: 3, index: 0 }]),
      refusedWith('bad-range'),
    );
  });
});

/** The hashes with one bit turned, the `bit`-th counted over all of them. */
function turnBit(hashes: readonly Uint8Array[], bit: number): Uint8Array[] {
  const bytes = concatBytes(...hashes);
  const at = bit % (bytes.length * 8);
  bytes[at >> 3] = (bytes[at >> 3] as number) ^ (1 << (at & 7));
  return hashes.map((_, index) => bytes.subarray(index * 32, (index + 1) * 32));
}
