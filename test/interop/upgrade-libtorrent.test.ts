// A hybrid's two names with the real libtorrent: it upgrades a connection that we begin with the v1 infohash (BEP 52), and
// takes the content from us by a `btih` magnet link, and by one with both infohashes.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type InfoHashV1, toHex } from '../../src/bytes/index.ts';
import { Engine } from '../../src/swarm/index.ts';
import { formatMagnet, parseTorrent, TORRENT_LIMITS } from '../../src/torrent/index.ts';
import { needs } from '../support/needs.ts';
import { fingerprint, makeTorrent, patternBytes, temporaryFolder } from '../swarm/content.ts';
import { startTracker } from '../swarm/tracker-server.ts';
import { fingerprintWithoutPads } from './fingerprints.ts';
import { getWithLibtorrent, startLibtorrent } from './libtorrent-peer.ts';

const skip = needs('libtorrent');
const LIMIT_MS = 40_000;

async function prepare(context: TestContext) {
  const folder = await temporaryFolder(context);
  const made = await makeTorrent(folder, 'content', { '': patternBytes(700_001, 23) }, 'hybrid');
  const torrentPath = join(folder, 'content.torrent');
  await writeFile(torrentPath, made.torrent);
  const engine = new Engine();
  context.after(() => engine.close());
  const infoHashV1 = made.metainfo.infoHashV1 as InfoHashV1;
  return { ...made, folder, torrentPath, engine, infoHashV1, out: join(folder, 'out') };
}

test('libtorrent upgrades a connection begun with the v1 infohash: it gives the piece layers that the .torrent lacks', {
  skip,
}, async (context) => {
  const { engine, metainfo, folder, torrentPath, path, out, infoHashV1 } = await prepare(context);
  const seeder = await startLibtorrent(context, { listen: '127.0.0.1:0', folder, torrent: torrentPath });
  await seeder.complete;
  const tracker = await startTracker(context);
  const escaped = Array.from(infoHashV1, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  const query = `info_hash=${escaped}&peer_id=${'x'.repeat(20)}&port=${seeder.port}&uploaded=0&downloaded=0&left=0`;
  await (await fetch(`${tracker.url}?${query}&compact=1&event=started`)).arrayBuffer();
  const bareBytes = Buffer.concat([Buffer.from('d4:info'), metainfo.infoBytes, Buffer.from('e')]);
  const bare = parseTorrent(bareBytes, TORRENT_LIMITS, { mayLackLayers: true });
  assert.equal(bare.pieceLayers.size, 0);
  const result = await engine.download(bare, {
    folder: out,
    trackers: [tracker.url],
    signal: AbortSignal.timeout(LIMIT_MS),
  });
  assert.deepEqual(await fingerprint(result.path), await fingerprint(path));
  assert.deepEqual(result.metainfo.pieceLayers, metainfo.pieceLayers);
});

for (const kind of ['btih', 'btih and btmh'] as const) {
  test(`the engine seeds a hybrid to libtorrent, from a magnet link with ${kind}`, {
    skip,
  }, async (context) => {
    const { engine, metainfo, torrent, path, out, infoHashV1 } = await prepare(context);
    const { host, port } = await engine.listen();
    await engine.seed(torrent, path);
    const { infoHashV2 } = metainfo;
    const magnet =
      kind === 'btih' ? `magnet:?xt=urn:btih:${toHex(infoHashV1)}` : formatMagnet({ infoHashV2, infoHashV1 });
    const saved = await getWithLibtorrent(context, {
      listen: '127.0.0.1:0',
      folder: out,
      magnet,
      peers: [[host, port]],
      seconds: LIMIT_MS / 1000,
    });
    assert.deepEqual(await fingerprintWithoutPads(saved), await fingerprint(path));
  });
}
