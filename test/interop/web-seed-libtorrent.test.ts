// libtorrent and our engine fetch one torrent from one web server, which shows that our `url-list` says what theirs does.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Engine } from '../../src/swarm/index.ts';
import { createTorrent, parseTorrent } from '../../src/torrent/index.ts';
import { needs } from '../support/needs.ts';
import { fingerprint, patternBytes, type Tree, temporaryFolder, writeTree } from '../swarm/content.ts';
import { startWebServer } from '../swarm/web-server.ts';
import { fingerprintWithoutPads } from './fingerprints.ts';
import { startLibtorrent } from './libtorrent-peer.ts';

const ONE_FILE: Tree = { '': patternBytes(3_333_333, 21) };
const TREE: Tree = {
  'a b/ü & #.txt': patternBytes(20_000, 1),
  'a b/100%.bin': patternBytes(400_000, 2),
  plain: patternBytes(16_384, 3),
};

for (const profile of ['hybrid', 'v2'] as const) {
  for (const [kind, tree, path] of [
    // libtorrent takes the URL of a v2 file for a folder, so it is the folder's here.
    ['one file', ONE_FILE, profile === 'v2' ? '/' : '/content'],
    ['a tree', TREE, '/'],
  ] as const) {
    test(`libtorrent and the engine fetch from one web seed: ${profile}, ${kind}`, {
      skip: needs('libtorrent'),
    }, async (context) => {
      const folder = await temporaryFolder(context);
      const content = join(folder, 'content');
      await writeTree(content, tree);
      const web = await startWebServer(context, tree);
      const { torrent } = await createTorrent(content, { profile, webSeeds: [`${web.origin}${path}`] });
      const file = join(folder, 'content.torrent');
      await writeFile(file, torrent);

      const engine = new Engine();
      context.after(() => engine.close());
      await engine.listen(); // on this machine: so a torrent may lead to web seeds of this machine
      const ours = await engine.download(parseTorrent(torrent), {
        folder: join(folder, 'ours'),
        sourceWebSeeds: true,
        signal: AbortSignal.timeout(20_000),
      });
      assert.deepEqual(await fingerprint(ours.path), await fingerprint(content));
      const asked = new Set(web.asked.map((each) => each.path));

      web.asked.length = 0;
      const theirs = await startLibtorrent(context, {
        listen: '127.0.0.1:0',
        folder: join(folder, 'theirs'),
        torrent: file,
        seconds: 30,
      });
      await theirs.complete;
      assert.deepEqual(await fingerprintWithoutPads(join(folder, 'theirs')), await fingerprint(content));
      assert.deepEqual(new Set(web.asked.map((each) => each.path)), asked);
    });
  }
}
