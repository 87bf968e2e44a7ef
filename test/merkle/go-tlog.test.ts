// Go's golang.org/x/mod/sumdb/tlog: the tree, the proofs and the paths that its tests use.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { toHex, toUtf8 } from '../../src/bytes/index.ts';
import {
  formatTilePath,
  LogTreeError,
  parseTilePath,
  proveConsistency,
  proveInclusion,
  verifyConsistency,
  verifyInclusion,
} from '../../src/merkle/index.ts';
import { hasher, TreeInMemory } from './rfc6962-naive.ts';

const { roots, inclusion, consistency } = JSON.parse(
  readFileSync(new URL('vectors/go-tlog.json', import.meta.url), 'utf8'),
) as Record<'roots' | 'inclusion' | 'consistency', string[]>;

test('the tree of a hundred leaves: each root, each proof of a leaf and of an older tree is the one that Go makes', async () => {
  const memory = new TreeInMemory();
  const leaves = Array.from({ length: 100 }, (_, at) => toUtf8(`leaf ${at}`));
  const seen: Uint8Array[] = [];
  for (const [at, leaf] of leaves.entries()) {
    memory.append(leaf);
    const size = at + 1;
    const root = memory.tree.root();
    seen.push(root);
    assert.equal(toHex(root), roots[at]);
    const [ofLeaves, ofTrees] = [createHash('sha256'), createHash('sha256')];
    for (const [index, oldRoot] of seen.entries()) {
      const path = await proveInclusion(index, size, memory.readNodes, hasher);
      for (const hash of path) ofLeaves.update(hash);
      const claim = { index, size, leafHash: hasher.leaf(leaves[index] ?? leaf), root };
      verifyInclusion({ ...claim, proof: path }, hasher);
      for (const proof of corrupted(path)) {
        assert.throws(() => verifyInclusion({ ...claim, proof }, hasher), LogTreeError);
      }
      const older = await proveConsistency(index + 1, size, memory.readNodes, hasher);
      for (const hash of older) ofTrees.update(hash);
      const grown = { oldSize: index + 1, newSize: size, oldRoot, newRoot: root };
      verifyConsistency({ ...grown, proof: older }, hasher);
      for (const proof of corrupted(older)) {
        assert.throws(() => verifyConsistency({ ...grown, proof }, hasher), LogTreeError);
      }
    }
    assert.equal(ofLeaves.digest('hex'), inclusion[at]);
    assert.equal(ofTrees.digest('hex'), consistency[at]);
  }
});

/** A proof with one bit of one of its hashes turned, for each hash. */
function corrupted(proof: readonly Uint8Array[]): Uint8Array[][] {
  return proof.map((_, at) =>
    proof.map((hash, each) => {
      const copy = Uint8Array.from(hash);
      if (each === at) copy[0] = (copy[0] ?? 0) ^ 1;
      return copy;
    }),
  );
}

// Go's paths begin with the height of a tile, which C2SP tlog-tiles fixed at 8 and left out since.
for (const [path, tile] of [
  ['tile/0/001', { level: 0, index: 1, width: 256 }],
  ['tile/0/001.p/5', { level: 0, index: 1, width: 5 }],
  ['tile/5/x123/x456/078', { level: 5, index: 123_456_078, width: 256 }],
  ['tile/5/x123/x456/078.p/2', { level: 5, index: 123_456_078, width: 2 }],
  ['tile/0/x003/x057/500', { level: 0, index: 3_057_500, width: 256 }],
  ['tile/entries/x003/x057/500', { level: 'entries', index: 3_057_500, width: 256 }],
  ['tile/5/123/456/078', undefined],
  ['tile/-1/123/456/078', undefined],
] as const) {
  test(`the path ${path} is ${tile === undefined ? 'refused' : 'read and written'}`, () => {
    if (tile === undefined) assert.throws(() => parseTilePath(path), LogTreeError);
    else {
      assert.deepEqual(parseTilePath(path), tile);
      assert.equal(formatTilePath(tile), path);
    }
  });
}
