import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { toHex } from '../../src/bytes/index.ts';
import {
  createBlockTreeHasher,
  foldUncles,
  hashAt,
  layerAbove,
  layerRoot,
  layersUp,
  treeHeight,
  unclesOf,
} from '../../src/merkle/index.ts';

const sha256 = (bytes: Uint8Array): Uint8Array => hash('sha256', bytes, 'buffer');
const hasher = createBlockTreeHasher(sha256);
const ZERO = new Uint8Array(32);

/** `count` distinct hashes in a row. */
function layerOf(count: number): Uint8Array {
  return Uint8Array.from(
    Array.from({ length: count }, (_, index) => [...sha256(Uint8Array.of(index & 255, index >> 8))]).flat(),
  );
}

/** The root as BEP 52 defines it: leaves padded with zeros to a power of two, then pairs hashed to the top. */
function plainRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 1) return leaves[0] as Uint8Array;
  const half = leaves.length / 2;
  return sha256(Buffer.concat([plainRoot(leaves.slice(0, half)), plainRoot(leaves.slice(half))]));
}

function padded(layer: Uint8Array, width: number): Uint8Array[] {
  return Array.from({ length: width }, (_, index) =>
    index < layer.length / 32 ? hashAt(layer, index) : ZERO,
  );
}

test('padding is the root of a subtree of zeros', () => {
  assert.deepEqual(hasher.pad(0), ZERO);
  for (let level = 1; level < 8; level += 1) {
    assert.equal(toHex(hasher.pad(level)), toHex(plainRoot(Array.from({ length: 2 ** level }, () => ZERO))));
  }
});

test('the height is the least that holds all leaves', () => {
  const heights = [1, 2, 3, 4, 5, 8, 9, 1024, 1025].map(treeHeight);
  assert.deepEqual(heights, [0, 1, 2, 2, 3, 3, 4, 10, 11]);
});

test('roots are those of the definition, from every layer', () => {
  for (let count = 1; count <= 40; count += 1) {
    const leaves = layerOf(count);
    const height = treeHeight(count);
    const expected = toHex(plainRoot(padded(leaves, 2 ** height)));
    let layer = leaves;
    for (let level = 0; level <= height; level += 1) {
      assert.equal(
        toHex(layerRoot(layer, level, height, hasher)),
        expected,
        `${count} leaves, level ${level}`,
      );
      layer = layerAbove(layer, level, hasher);
    }
    // A taller tree, as for a piece that a file does not fill.
    assert.equal(
      toHex(layerRoot(leaves, 0, height + 2, hasher)),
      toHex(plainRoot(padded(leaves, 2 ** (height + 2)))),
    );
  }
});

test('a node and its uncles lead to the root, and no other node does', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 70 }), fc.nat(), fc.nat(6), (count, pick, fromLevel) => {
      const height = treeHeight(count);
      const level = Math.min(fromLevel, height);
      const layers = layersUp(layerOf(count), 0, height, hasher).slice(level);
      const index = pick % 2 ** (height - level);
      const layer = layers[0] as Uint8Array;
      const node = index < layer.length / 32 ? hashAt(layer, index) : hasher.pad(level);
      const uncles = unclesOf(layers, level, index, height - level, hasher);
      const root = layers.at(-1) as Uint8Array;
      assert.equal(toHex(foldUncles(node, index, uncles, hasher)), toHex(root));
      assert.notEqual(toHex(foldUncles(sha256(node), index, uncles, hasher)), toHex(root));
      const [sibling] = uncles;
      if (sibling && toHex(sibling) !== toHex(node)) {
        assert.notEqual(toHex(foldUncles(node, index ^ 1, uncles, hasher)), toHex(root), 'nor elsewhere');
      }
    }),
  );
});
