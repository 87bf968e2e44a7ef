// Our engine and the real qBittorrent, each way, byte-checked: hybrids and v2, from `.torrent` files and magnet links.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Engine } from '../../src/swarm/index.ts';
import { formatMagnet, parseMagnet } from '../../src/torrent/index.ts';
import { needs } from '../support/needs.ts';
import { awkwardTree, fingerprint, makeTorrent, patternBytes, temporaryFolder } from '../swarm/content.ts';
import { fingerprintWithoutPads } from './fingerprints.ts';
import { startQbittorrent } from './qbittorrent-peer.ts';

const skip = needs('qbittorrent');
const LIMIT_MS = 40_000;

/** All at once: it connects to a new torrent's peers some seconds after it was given them. */
test('qBittorrent', { skip, concurrency: true }, async (context) => {
  const folder = await temporaryFolder(context);
  const steps: Promise<void>[] = [];
  const program = await startQbittorrent(context, join(folder, 'profile'));

  for (const profile of ['hybrid', 'v2'] as const) {
    for (const how of ['torrent', 'magnet'] as const) {
      // A magnet link's hashes come before its content when it is one file: libtorrent's error 217 needs the contrary.
      const tree = how === 'torrent' ? awkwardTree() : { '': patternBytes(2_222_222, profile.length) };

      const takes = context.test(`takes from the engine: ${profile}, from a ${how}`, async (step) => {
        const place = join(folder, `to-${profile}-${how}`);
        const made = await makeTorrent(place, 'content', tree, profile);
        const engine = new Engine();
        step.after(() => engine.close());
        const peer = await engine.listen();
        await engine.seed(made.torrent, made.path);
        const { infoHashV2, infoHashV1 } = made.metainfo;
        const magnet = formatMagnet({ infoHashV2, ...(infoHashV1 && { infoHashV1 }) });
        const what = how === 'torrent' ? made.torrent : magnet;
        const saveFolder = join(place, 'out');
        await program.complete({ what, infoHashV2, saveFolder, peer });
        assert.deepEqual(await fingerprintWithoutPads(saveFolder), await fingerprint(made.path));
      });

      const gives = context.test(`gives to the engine: ${profile}, from a ${how}`, async (step) => {
        const place = join(folder, `from-${profile}-${how}`);
        // Other content than above: it is one qBittorrent.
        const made = await makeTorrent(place, 'content', { ...tree, ...extra(tree) }, profile);
        const { infoHashV2 } = made.metainfo;
        await program.complete({ what: made.torrent, infoHashV2, saveFolder: place });
        const engine = new Engine();
        step.after(() => engine.close());
        const source = how === 'torrent' ? made.metainfo : parseMagnet(formatMagnet({ infoHashV2 }));
        const { path } = await engine.download(source, {
          folder: join(place, 'out'),
          peers: [{ host: '127.0.0.1', port: program.port }],
          signal: AbortSignal.timeout(LIMIT_MS),
        });
        assert.deepEqual(await fingerprint(path), await fingerprint(made.path));
      });
      steps.push(takes, gives);
    }
  }
  await Promise.all(steps);
});

function extra(tree: Readonly<Record<string, Buffer>>): Record<string, Buffer> {
  return '' in tree ? { '': patternBytes(2_111_111, 99) } : { 'y/extra': patternBytes(77_777, 98) };
}
