// Our engine and the real libtorrent, each way, byte-checked.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Engine, probeSeeder } from '../../src/swarm/index.ts';
import { formatMagnet, parseMagnet } from '../../src/torrent/index.ts';
import { needs } from '../support/needs.ts';
import {
  awkwardTree,
  fingerprint,
  makeTorrent,
  patternBytes,
  type Tree,
  temporaryFolder,
} from '../swarm/content.ts';
import { fingerprintWithoutPads } from './fingerprints.ts';
import { getWithLibtorrent, startLibtorrent } from './libtorrent-peer.ts';

const skip = needs('libtorrent');
const LIMIT_MS = 40_000;

const CONTENT: readonly (readonly [string, Tree])[] = [
  ['one file', { '': patternBytes(3_333_333, 21) }],
  ['a tree', awkwardTree()],
];

/** More pieces than one hash request covers: 16 KiB pieces come only with content up to 2.6 MB, so one long file. */
const MANY_PIECES: Tree = { '': patternBytes(40_000_000, 5) };

async function prepare(context: TestContext, tree: Tree, profile: 'hybrid' | 'v2') {
  const folder = await temporaryFolder(context);
  const made = await makeTorrent(folder, 'content', tree, profile);
  const torrentPath = join(folder, 'content.torrent');
  await writeFile(torrentPath, made.torrent);
  const { infoHashV2 } = made.metainfo;
  const magnet = formatMagnet({ infoHashV2 });
  const engine = new Engine();
  context.after(() => engine.close());
  const address = await engine.listen();
  return { ...made, folder, torrentPath, magnet, engine, address, out: join(folder, 'out') };
}

for (const profile of ['hybrid', 'v2'] as const) {
  for (const [kind, tree] of CONTENT) {
    for (const how of ['torrent', 'magnet'] as const) {
      test(`libtorrent seeds to the engine: ${profile}, ${kind}, from a ${how}`, {
        skip,
      }, async (context) => {
        const made = await prepare(context, tree, profile);
        const seeder = await startLibtorrent(context, {
          listen: '127.0.0.1:0',
          folder: made.folder,
          torrent: made.torrentPath,
        });
        await seeder.complete;
        const source = how === 'torrent' ? made.metainfo : parseMagnet(made.magnet);
        const { path } = await made.engine.download(source, {
          folder: made.out,
          peers: [{ host: '127.0.0.1', port: seeder.port }],
          signal: AbortSignal.timeout(LIMIT_MS),
        });
        assert.deepEqual(await fingerprint(path), await fingerprint(made.path));
      });

      test(`the engine seeds to libtorrent: ${profile}, ${kind}, from a ${how}`, {
        skip,
      }, async (context) => {
        const made = await prepare(context, tree, profile);
        await made.engine.seed(made.torrent, made.path);
        const saved = await getWithLibtorrent(context, {
          listen: '127.0.0.1:0',
          folder: made.out,
          ...(how === 'torrent' ? { torrent: made.torrentPath } : { magnet: made.magnet }),
          peers: [[made.address.host, made.address.port]],
          seconds: LIMIT_MS / 1000,
        });
        assert.deepEqual(await fingerprintWithoutPads(saved), await fingerprint(made.path));
      });
    }
  }
}

test('a magnet link of more pieces than one hash request covers, both ways', { skip }, async (context) => {
  const made = await prepare(context, MANY_PIECES, 'v2');
  assert.ok(made.metainfo.sizeBytes / made.metainfo.pieceLength > 512);
  await made.engine.seed(made.torrent, made.path);
  const middle = await startLibtorrent(context, {
    listen: '127.0.0.1:0',
    folder: made.out,
    magnet: made.magnet,
    peers: [[made.address.host, made.address.port]],
  });
  await Promise.race([middle.complete, timeout(middle.notes)]);
  const other = new Engine();
  context.after(() => other.close());
  const { path } = await other.download(parseMagnet(made.magnet), {
    folder: join(made.folder, 'back'),
    peers: [{ host: '127.0.0.1', port: middle.port }],
    signal: AbortSignal.timeout(LIMIT_MS),
  });
  assert.deepEqual(await fingerprint(path), await fingerprint(made.path));
});

for (const seedMode of [false, true]) {
  test(`a probe of libtorrent${seedMode ? ' in seed mode' : ''}`, { skip }, async (context) => {
    const made = await prepare(context, awkwardTree(), 'hybrid');
    const seeder = await startLibtorrent(context, {
      listen: '127.0.0.1:0',
      folder: made.folder,
      torrent: made.torrentPath,
      seedMode,
    });
    await seeder.complete;
    for (const known of [{ metainfo: made.metainfo }, {}]) {
      const { pieceIndex } = await probeSeeder({
        host: '127.0.0.1',
        port: seeder.port,
        infoHash: made.metainfo.infoHashV2,
        random: Math.random,
        signal: AbortSignal.timeout(LIMIT_MS),
        ...known,
      });
      assert.ok(pieceIndex >= 0);
    }
  });
}

function timeout(notes: readonly string[]): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`libtorrent was too slow: ${notes.join('; ')}`)), LIMIT_MS).unref();
  });
}
