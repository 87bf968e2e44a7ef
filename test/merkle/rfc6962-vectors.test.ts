// Facts that others published: the proofs of transparency-dev/merkle, Sunlight's tiles.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { concatBytes, fromBase64, fromHex, toHex } from '../../src/bytes/index.ts';
import {
  GrowingTree,
  HASH_BYTES,
  type HashTile,
  LogTreeError,
  parseTilePath,
  proveInclusion,
  TILE_WIDTH,
  tileNodeReader,
  verifyConsistency,
  verifyInclusion,
} from '../../src/merkle/index.ts';
import { hasher, records, sha256, TreeInMemory } from './rfc6962-naive.ts';

interface Vectors {
  inclusion: {
    name: string;
    index: number;
    size: number;
    leafHash: string;
    root: string;
    proof: string[];
    valid: boolean;
  }[];
  consistency: {
    name: string;
    oldSize: number;
    newSize: number;
    oldRoot: string;
    newRoot: string;
    proof: string[];
    valid: boolean;
  }[];
}

const vectors = JSON.parse(
  readFileSync(new URL('vectors/rfc6962-proofs.json', import.meta.url), 'utf8'),
) as Vectors;

/** Its "roots" are no 32-byte hashes: theirs compares any bytes there, ours asks for hashes first. */
const NOT_A_HASH = new Set(['additional/sizes-are-equal-one-and-proof-is-empty']);

suite('proofs of transparency-dev/merkle', () => {
  test('inclusion', () => {
    assert.equal(vectors.inclusion.length, 98);
    for (const { name, valid, ...vector } of vectors.inclusion) {
      const claim = {
        ...vector,
        leafHash: fromHex(vector.leafHash),
        root: fromHex(vector.root),
        proof: vector.proof.map(fromHex),
      };
      if (valid) assert.doesNotThrow(() => verifyInclusion(claim, hasher), name);
      else assert.throws(() => verifyInclusion(claim, hasher), LogTreeError, name);
    }
  });

  test('consistency', () => {
    assert.equal(vectors.consistency.length, 98);
    for (const { name, valid, ...vector } of vectors.consistency) {
      const claim = {
        ...vector,
        oldRoot: fromHex(vector.oldRoot),
        newRoot: fromHex(vector.newRoot),
        proof: vector.proof.map(fromHex),
      };
      if (valid && !NOT_A_HASH.has(name)) assert.doesNotThrow(() => verifyConsistency(claim, hasher), name);
      else assert.throws(() => verifyConsistency(claim, hasher), LogTreeError, name);
    }
  });
});

test('the first roots of RFC 6962 trees as transparency-dev/merkle lists them', () => {
  const leaves = [
    '',
    '00',
    '10',
    '2021',
    '3031',
    '40414243',
    '5051525354555657',
    '606162636465666768696a6b6c6d6e6f',
  ];
  const roots = [
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
    '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ];
  const tree = new GrowingTree(hasher);
  assert.equal(toHex(tree.root()), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  const computed = leaves.map((leaf) => {
    tree.append(hasher.leaf(fromHex(leaf)));
    return toHex(tree.root());
  });
  assert.deepEqual(computed, roots);
});

test("the tiles of sunlight's test mirror: 300 entries, 'record 0' to 'record 299'", async () => {
  const memory = new TreeInMemory();
  for (const record of records(300)) memory.append(record);
  assert.equal(toHex(memory.tree.root()), '830df5c90aea65909c10e3ebcd7f9ba72de727a4209e04ca9fc1b59b48badae5');
  const digestOf = async (level: number, index: number, width: number) =>
    toHex(sha256(await memory.readTile({ level, index, width })));
  assert.deepEqual(
    [await digestOf(0, 0, 256), await digestOf(0, 1, 44), await digestOf(1, 0, 1)],
    [
      '66a1d43136a854a5776d5bce14bf101c925fc7d4b32f1be23b658f636ebfcddb',
      '699f078d937f13343d71ad39321757de3ecf391e8d7a1b2015ad38bd36f5d60a',
      'dcef9e571841bfe2defd16306f8a7d69f5054092fb8b7f983970c646f7f5fd85',
    ],
  );
});

test("a real log's tiles, as Sunlight wrote them: four full ones and a partial one", async () => {
  const real = JSON.parse(readFileSync(new URL('vectors/sunlight-tiles.json', import.meta.url), 'utf8')) as {
    full: string[];
    partial: string;
    leaves: string[];
    roots: Record<string, string>;
  };
  const full = real.full.map(fromBase64);
  const partial = fromBase64(real.partial);
  const { level, index, width } = parseTilePath('tile/0/003.p/10');
  assert.deepEqual([level, index, width * HASH_BYTES], [0, 3, partial.length]);
  assert.deepEqual(full[3]?.subarray(0, partial.length), partial, 'a partial tile begins the full one');
  const leaves = real.leaves.map(fromBase64);
  assert.deepEqual(concatBytes(...leaves.map((leaf) => hasher.leaf(leaf))), partial);

  const tree = new GrowingTree(hasher);
  const uppers = new Map<string, Uint8Array>();
  const roots = new Map<number, Uint8Array>();
  for (const [at, tile] of full.entries()) {
    for (let leaf = 0; leaf < TILE_WIDTH; leaf += 1) {
      tree.append(tile.subarray(leaf * HASH_BYTES, (leaf + 1) * HASH_BYTES), (nodeLevel, nodeIndex, hash) =>
        uppers.set(`${nodeLevel}/${nodeIndex}`, hash),
      );
      const size = at * TILE_WIDTH + leaf + 1;
      if (String(size) in real.roots) roots.set(size, tree.root());
    }
  }
  assert.deepEqual(Object.fromEntries([...roots].map(([size, root]) => [size, toHex(root)])), real.roots);

  const readTile = async (tile: HashTile): Promise<Uint8Array> => {
    const first =
      tile.level === 0
        ? full[tile.index]
        : concatBytes(...[0, 1, 2, 3].map((at) => uppers.get(`8/${at}`) as Uint8Array));
    return (first as Uint8Array).subarray(0, tile.width * HASH_BYTES);
  };
  for (const [size, root] of roots) {
    const readNodes = tileNodeReader(size, readTile, hasher);
    for (const [at, leaf] of leaves.entries()) {
      const proof = await proveInclusion(768 + at, size, readNodes, hasher);
      verifyInclusion({ index: 768 + at, leafHash: hasher.leaf(leaf), size, root, proof }, hasher);
    }
  }
});
