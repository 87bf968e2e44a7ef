// What the plain matrix with libtorrent leaves out: IPv6, mid-sized content, swarms of both programs.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Engine } from '../../src/swarm/index.ts';
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
const SECONDS = 40;

async function prepare(context: TestContext, tree: Tree, profile: 'hybrid' | 'v2', host = '127.0.0.1') {
  const folder = await temporaryFolder(context);
  const made = await makeTorrent(folder, 'content', tree, profile);
  const torrentPath = join(folder, 'content.torrent');
  await writeFile(torrentPath, made.torrent);
  const { infoHashV2, infoHashV1 } = made.metainfo;
  const engine = new Engine({ host });
  context.after(() => engine.close());
  const address = await engine.listen();
  const magnet = formatMagnet({ infoHashV2, ...(infoHashV1 && { infoHashV1 }) });
  return { ...made, folder, torrentPath, magnet, engine, address, out: join(folder, 'out') };
}

/** A magnet link for a leecher, at an engine of its own. */
async function getWithEngine(
  context: TestContext,
  { magnet, out }: { readonly magnet: string; readonly out: string },
  peers: readonly { readonly host: string; readonly port: number }[],
): Promise<string> {
  const leecher = new Engine();
  context.after(() => leecher.close());
  const signal = AbortSignal.timeout(SECONDS * 1000);
  const { path } = await leecher.download(parseMagnet(magnet), { folder: out, peers, signal });
  return path;
}

for (const profile of ['hybrid', 'v2'] as const) {
  test(`over IPv6, both ways: ${profile}`, { skip }, async (context) => {
    const made = await prepare(context, awkwardTree(), profile, '::1');
    await made.engine.seed(made.torrent, made.path);
    const saved = await getWithLibtorrent(context, {
      listen: '[::1]:0',
      folder: made.out,
      magnet: made.magnet,
      peers: [[made.address.host, made.address.port]],
      seconds: SECONDS,
    });
    assert.deepEqual(await fingerprintWithoutPads(saved), await fingerprint(made.path));
    const order = { listen: '[::1]:0', folder: made.folder, torrent: made.torrentPath };
    const seeder = await startLibtorrent(context, order);
    await seeder.complete;
    const back = { magnet: made.magnet, out: join(made.folder, 'back') };
    const path = await getWithEngine(context, back, [{ host: '::1', port: seeder.port }]);
    assert.deepEqual(await fingerprint(path), await fingerprint(made.path));
  });

  test(`64 MiB, both ways: ${profile}`, { skip }, async (context) => {
    const made = await prepare(context, { '': patternBytes(64 * 1024 * 1024 + 5, 77) }, profile);
    await made.engine.seed(made.torrent, made.path);
    const saved = await getWithLibtorrent(context, {
      listen: '127.0.0.1:0',
      folder: made.out,
      magnet: made.magnet,
      peers: [[made.address.host, made.address.port]],
      seconds: SECONDS,
    });
    assert.deepEqual(await fingerprintWithoutPads(saved), await fingerprint(made.path));
    const order = { listen: '127.0.0.1:0', folder: made.folder, torrent: made.torrentPath };
    const seeder = await startLibtorrent(context, order);
    await seeder.complete;
    const back = { magnet: made.magnet, out: join(made.folder, 'back') };
    const path = await getWithEngine(context, back, [{ host: '127.0.0.1', port: seeder.port }]);
    assert.deepEqual(await fingerprint(path), await fingerprint(made.path));
  });

  for (const leecher of ['libtorrent', 'the engine'] as const) {
    test(`an engine and a libtorrent seed together to ${leecher}: ${profile}`, { skip }, async (context) => {
      const made = await prepare(context, { '': patternBytes(12_000_000, 78) }, profile);
      // So slow that the other one is needed, and so large a part of it all that it is asked too.
      made.engine.setLimits({ uploadBytesPerSecond: 2_000_000 });
      const swarm = await made.engine.seed(made.torrent, made.path);
      const order = { listen: '127.0.0.1:0', folder: made.folder, torrent: made.torrentPath };
      const seeder = await startLibtorrent(context, order);
      await seeder.complete;
      const peers = [made.address, { host: '127.0.0.1', port: seeder.port }];
      const saved =
        leecher === 'the engine'
          ? await fingerprint(await getWithEngine(context, made, peers))
          : await fingerprintWithoutPads(
              await getWithLibtorrent(context, {
                listen: '127.0.0.1:0',
                folder: made.out,
                magnet: made.magnet,
                peers: peers.map(({ host, port }) => [host, port] as const),
                seconds: SECONDS,
              }),
            );
      assert.deepEqual(saved, await fingerprint(made.path));
      const { uploadedBytes } = swarm.progress;
      assert.ok(uploadedBytes > 0, 'the engine served');
      assert.ok(uploadedBytes < 12_000_000, `libtorrent served too, the engine ${uploadedBytes} bytes`);
    });
  }
}
