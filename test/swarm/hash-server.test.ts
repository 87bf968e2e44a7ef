// What the hash server answers, held against trees that are built from the content here.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { concatBytes, toHex } from '../../src/bytes/index.ts';
import { createBlockTreeHasher, hashAt, layersUp, treeHeight } from '../../src/merkle/index.ts';
import { sha256 } from '../../src/sha256/index.ts';
import { FinishedContent } from '../../src/swarm/disk/content.ts';
import { FilePool } from '../../src/swarm/disk/file-pool.ts';
import { foldRange } from '../../src/swarm/fetching/block-tree.ts';
import { PieceHashes } from '../../src/swarm/fetching/piece-hashes.ts';
import { HashPool } from '../../src/swarm/hashing/hash-pool.ts';
import { fileHeight, Layout, type LayoutFile } from '../../src/swarm/layout.ts';
import { HashServer } from '../../src/swarm/serving/hash-server.ts';
import { createTorrent, parseTorrent } from '../../src/torrent/index.ts';
import { isHashRange, uncleCount } from '../../src/wire/index.ts';
import { patternBytes, temporaryFolder } from './content.ts';

const BLOCK = 16_384;
const hasher = createBlockTreeHasher(sha256);

for (const sizeBytes of [BLOCK + 1, 5 * BLOCK, 700_001, 11_111_111]) {
  test(`a file of ${sizeBytes} bytes: every answer is the tree's, and folds up to the root`, async (context) => {
    const folder = await temporaryFolder(context);
    const path = join(folder, 'file');
    const bytes = patternBytes(sizeBytes, 5);
    await writeFile(path, bytes);
    const metainfo = parseTorrent((await createTorrent(path, { profile: 'v2' })).torrent);
    const layout = new Layout(metainfo.pieceLength, metainfo.files);
    const files = new FilePool(4);
    const pool = new HashPool(1);
    context.after(async () => {
      await pool.close();
      await files.close();
    });
    const content = await FinishedContent.open(
      { root: path, isTree: false, files: layout.files },
      files,
      async () => false,
    );
    const layers = () => metainfo.pieceLayers;
    const server = new HashServer({ layout, content, pool, layers, has: () => true });
    const [file] = layout.files as readonly [LayoutFile];
    const height = fileHeight(file);
    const blocks = Math.ceil(sizeBytes / BLOCK);
    const leaves = Array.from({ length: blocks }, (_, at) =>
      sha256(bytes.subarray(at * BLOCK, (at + 1) * BLOCK)),
    );
    const tree = layersUp(concatBytes(...leaves), 0, height, hasher);
    const nodeAt = (level: number, index: number): Uint8Array => {
      const layer = tree[level] as Uint8Array;
      return index * 32 < layer.length ? hashAt(layer, index) : hasher.pad(level);
    };
    assert.equal(height, treeHeight(blocks));
    const root = file.piecesRoot as Uint8Array;
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: height }),
        fc.nat({ max: 10 }),
        fc.nat(),
        fc.nat(),
        async (base, log, at, up) => {
          const length = 2 ** log;
          const width = 2 ** Math.max(0, height - base);
          const index = (at % Math.max(1, Math.floor(width / length))) * length;
          const range = { piecesRoot: root, baseLayer: base, index, length, proofLayers: up % (height + 1) };
          const answer = await server.answer(range);
          const covers = 2 ** (base + log);
          const isServed =
            isHashRange(range, height) &&
            (base >= layout.pieceHeight(file) || covers <= Math.max(512, layout.blocksPerPiece));
          assert.equal(answer !== undefined, isServed);
          if (!answer) return;
          const expected = Array.from({ length }, (_, each) => nodeAt(base, index + each));
          for (let step = 0; step < uncleCount(range); step += 1) {
            const node = Math.floor(index / length / 2 ** step);
            expected.push(nodeAt(base + log + step, node % 2 === 0 ? node + 1 : node - 1));
          }
          assert.deepEqual(answer, concatBytes(...expected));
          const proven = foldRange(range, answer, Math.ceil(blocks / 2 ** base) - index);
          assert.ok(proven);
          const ancestor = nodeAt(proven.level, Math.floor(index / 2 ** (proven.level - base)));
          assert.equal(toHex(proven.ancestor), toHex(ancestor));
        },
      ),
      { numRuns: 120 },
    );
  });
}

test('piece layers put together from answers are the torrent’s; a changed bit is not accepted', async (context) => {
  const folder = await temporaryFolder(context);
  const path = join(folder, 'file');
  await writeFile(path, patternBytes(12_000_000, 8));
  const metainfo = parseTorrent((await createTorrent(path, { profile: 'v2' })).torrent);
  const layout = new Layout(metainfo.pieceLength, metainfo.files);
  const pool = new HashPool(1);
  const files = new FilePool(4);
  context.after(async () => {
    await pool.close();
    await files.close();
  });
  const content = await FinishedContent.open(
    { root: path, isTree: false, files: layout.files },
    files,
    async () => false,
  );
  const server = new HashServer({
    layout,
    content,
    pool,
    layers: () => metainfo.pieceLayers,
    has: () => true,
  });
  const hashes = new PieceHashes(layout, new Map());
  assert.ok(!hashes.isComplete);
  assert.equal(hashes.of(0), undefined);
  for (const missing of hashes.missing()) {
    const answer = (await server.answer(missing.range)) as Uint8Array;
    const changed = answer.slice();
    changed[40] = (changed[40] as number) ^ 1;
    assert.ok(!hashes.accept(missing, changed));
    assert.ok(!hashes.accept(missing, answer.subarray(32)));
    assert.ok(hashes.accept(missing, answer));
  }
  assert.ok(hashes.isComplete);
  assert.deepEqual(new Map(hashes.layers), new Map(metainfo.pieceLayers));
});
