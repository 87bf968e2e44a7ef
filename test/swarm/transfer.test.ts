import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { toHex } from '../../src/bytes/index.ts';
import { formatMagnet, parseMagnet } from '../../src/torrent/index.ts';
import {
  awkwardTree,
  fingerprint,
  makeTorrent,
  patternBytes,
  type Tree,
  temporaryFolder,
} from './content.ts';
import { signal, startEngine } from './engines.ts';

const SINGLE: Tree = { '': patternBytes(2_500_000, 9) };

for (const profile of ['hybrid', 'v2'] as const) {
  for (const [kind, tree] of [
    ['one file', SINGLE],
    ['a tree', awkwardTree()],
  ] as const) {
    for (const how of ['torrent', 'magnet'] as const) {
      test(`engine to engine: ${profile}, ${kind}, from a ${how}`, async (context) => {
        const folder = await temporaryFolder(context);
        const made = await makeTorrent(folder, 'content', tree, profile);
        const seeder = await startEngine(context);
        await seeder.engine.seed(made.torrent, made.path);
        const leecher = await startEngine(context);
        const { infoHashV2 } = made.metainfo;
        const source = how === 'torrent' ? made.metainfo : parseMagnet(formatMagnet({ infoHashV2 }));
        const out = join(folder, 'out');
        const phases = new Set<string>();
        const result = await leecher.engine.download(source, {
          folder: out,
          peers: [seeder.address],
          signal: signal(),
          onProgress: ({ phase }) => phases.add(phase),
        });
        assert.equal(result.path, join(out, 'content'));
        assert.deepEqual(await readdir(out), ['content']);
        assert.deepEqual(await fingerprint(result.path), await fingerprint(made.path));
        assert.equal(toHex(result.metainfo.infoHashV2), toHex(infoHashV2));
        assert.deepEqual(result.metainfo.pieceLayers, made.metainfo.pieceLayers);
        assert.equal(result.progress.haveBytes, made.metainfo.sizeBytes);
        assert.ok(phases.has('seeding'));
      });
    }
  }
}
