// Encrypted connections with the real libtorrent, which is told to make and take no others, each way.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Engine, type EngineOptions, probeSeeder } from '../../src/swarm/index.ts';
import { formatMagnet, parseMagnet } from '../../src/torrent/index.ts';
import { needs } from '../support/needs.ts';
import { fingerprint, makeTorrent, patternBytes, temporaryFolder } from '../swarm/content.ts';
import { fingerprintWithoutPads } from './fingerprints.ts';
import { getWithLibtorrent, startLibtorrent } from './libtorrent-peer.ts';

const skip = needs('libtorrent');
const LIMIT_MS = 40_000;
const TREE = { 'a/one': patternBytes(900_001, 31), 'b/two': patternBytes(70_000, 32) };

async function prepare(
  context: TestContext,
  profile: 'hybrid' | 'v2',
  encryption: EngineOptions['encryption'],
) {
  const folder = await temporaryFolder(context);
  const made = await makeTorrent(folder, 'content', TREE, profile);
  const torrentPath = join(folder, 'content.torrent');
  await writeFile(torrentPath, made.torrent);
  const engine = new Engine({ encryption });
  context.after(() => engine.close());
  const address = await engine.listen();
  const magnet = formatMagnet({ infoHashV2: made.metainfo.infoHashV2 });
  return { ...made, folder, torrentPath, engine, address, magnet, out: join(folder, 'out') };
}

for (const profile of ['hybrid', 'v2'] as const) {
  for (const payload of ['plain', 'rc4'] as const) {
    for (const policy of ['allow', 'require'] as const) {
      // Who requires encryption takes RC4 and nothing less.
      if (policy === 'require' && payload === 'plain') continue;
      const how = `${profile}, payload ${payload}, policy ${policy}`;

      test(`libtorrent seeds encrypted to the engine: ${how}`, { skip }, async (context) => {
        const made = await prepare(context, profile, policy);
        const seeder = await startLibtorrent(context, {
          listen: '127.0.0.1:0',
          folder: made.folder,
          torrent: made.torrentPath,
          encryption: 'on',
          payload,
        });
        await seeder.complete;
        const { path } = await made.engine.download(parseMagnet(made.magnet), {
          folder: made.out,
          peers: [{ host: '127.0.0.1', port: seeder.port }],
          signal: AbortSignal.timeout(LIMIT_MS),
        });
        assert.deepEqual(await fingerprint(path), await fingerprint(made.path));
      });

      test(`the engine seeds encrypted to libtorrent: ${how}`, { skip }, async (context) => {
        const made = await prepare(context, profile, policy);
        await made.engine.seed(made.torrent, made.path);
        const saved = await getWithLibtorrent(context, {
          listen: '127.0.0.1:0',
          folder: made.out,
          magnet: made.magnet,
          peers: [[made.address.host, made.address.port]],
          encryption: 'on',
          payload,
          seconds: LIMIT_MS / 1000,
        });
        assert.deepEqual(await fingerprintWithoutPads(saved), await fingerprint(made.path));
      });
    }
  }
}

test('a libtorrent that takes encrypted connections only is probed', { skip }, async (context) => {
  const made = await prepare(context, 'hybrid', 'allow');
  const seeder = await startLibtorrent(context, {
    listen: '127.0.0.1:0',
    folder: made.folder,
    torrent: made.torrentPath,
    encryption: 'on',
  });
  await seeder.complete;
  const { pieceIndex } = await probeSeeder({
    host: '127.0.0.1',
    port: seeder.port,
    infoHash: made.metainfo.infoHashV2,
    random: Math.random,
    signal: AbortSignal.timeout(LIMIT_MS),
  });
  assert.ok(pieceIndex >= 0);
});

test('who never encrypts does not meet a libtorrent that always does', { skip }, async (context) => {
  const made = await prepare(context, 'v2', 'off');
  const seeder = await startLibtorrent(context, {
    listen: '127.0.0.1:0',
    folder: made.folder,
    torrent: made.torrentPath,
    encryption: 'on',
  });
  await seeder.complete;
  const leaving = new AbortController();
  made.engine.on('peer', ({ change }) => {
    if (change !== 'connected') leaving.abort(); // it was turned away
  });
  const download = made.engine.download(made.metainfo, {
    folder: made.out,
    peers: [{ host: '127.0.0.1', port: seeder.port }],
    signal: leaving.signal,
  });
  await assert.rejects(download, { name: 'AbortError' });
});
