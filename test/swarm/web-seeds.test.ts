import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
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
import { type Hit, startWebServer } from './web-server.ts';

const SINGLE: Tree = { '': patternBytes(3_000_000, 9) };
const NAMES: Tree = {
  'a b/ü & #?.txt': patternBytes(20_000, 1),
  'a b/100%.bin': patternBytes(40_000, 2),
  "(it's)!/~x": patternBytes(16_384, 3),
  empty: Buffer.alloc(0),
};

for (const [kind, tree, path] of [
  ['one file', SINGLE, '/content'],
  ['one file, from a folder', SINGLE, '/'],
  ['a tree', awkwardTree(), '/'],
  ['a tree, without the slash', awkwardTree(), ''],
  ['names that need encoding', NAMES, '/'],
] as const) {
  for (const profile of ['hybrid', 'v2'] as const) {
    test(`a web seed alone is enough: ${profile}, ${kind}`, async (context) => {
      const folder = await temporaryFolder(context);
      const made = await makeTorrent(folder, 'content', tree, profile);
      const web = await startWebServer(context, tree);
      const { engine } = await startEngine(context);
      const result = await engine.download(made.metainfo, {
        folder: join(folder, 'out'),
        webSeeds: [`${web.origin}${path}`],
        signal: signal(),
      });
      assert.deepEqual(await fingerprint(result.path), await fingerprint(made.path));
      assert.equal(result.progress.downloadedBytes, made.metainfo.sizeBytes);
      assert.equal(result.progress.wastedBytes, 0);
      for (const { path: asked, first, last } of web.asked) {
        const bytes = tree[asked.replace(/^\/content\/?/, '')];
        assert.ok(bytes && bytes.length > last && first <= last, `${asked} ${first}-${last}`);
      }
      assert.ok(web.connections <= 2, `${web.connections} connections`);
    });
  }
}

test('a web seed may be an IPv6 address', async (context) => {
  const folder = await temporaryFolder(context);
  const made = await makeTorrent(folder, 'content', SINGLE, 'v2');
  const web = await startWebServer(context, SINGLE, undefined, '::1');
  const { engine } = await startEngine(context);
  const webSeeds = [`${web.origin}/content`];
  const result = await engine.download(made.metainfo, {
    folder: join(folder, 'out'),
    webSeeds,
    signal: signal(),
  });
  assert.deepEqual(await fingerprint(result.path), await fingerprint(made.path));
});

test('pieces that lie behind one another come by few long requests', async (context) => {
  const folder = await temporaryFolder(context);
  const made = await makeTorrent(folder, 'content', { '': patternBytes(40_000_000, 4) }, 'v2');
  const web = await startWebServer(context, { '': patternBytes(40_000_000, 4) });
  const { engine } = await startEngine(context);
  const result = await engine.download(made.metainfo, {
    folder: join(folder, 'out'),
    webSeeds: [`${web.origin}/content`],
    signal: signal(),
  });
  assert.deepEqual(await fingerprint(result.path), await fingerprint(made.path));
  assert.ok(web.asked.length <= 8, `${web.asked.length} requests`);
});

test('the web seeds of a source are asked only when the caller says so', async (context) => {
  const folder = await temporaryFolder(context);
  const made = await makeTorrent(folder, 'content', SINGLE, 'v2');
  const web = await startWebServer(context, SINGLE);
  const source = { ...made.metainfo, webSeeds: [`${web.origin}/content`] };
  const seeder = await startEngine(context);
  await seeder.engine.seed(made.torrent, made.path);
  const { engine } = await startEngine(context);
  await engine.download(source, { folder: join(folder, 'one'), peers: [seeder.address], signal: signal() });
  assert.deepEqual(web.asked, []);
  const two = await engine.download(source, {
    folder: join(folder, 'two'),
    sourceWebSeeds: true,
    signal: signal(),
  });
  assert.deepEqual(await fingerprint(two.path), await fingerprint(made.path));
});

test('a magnet link gets its metadata from a peer and blocks from its web seed too', async (context) => {
  const folder = await temporaryFolder(context);
  const tree: Tree = { '': patternBytes(8_000_000, 6) };
  const made = await makeTorrent(folder, 'content', tree, 'v2');
  const web = await startWebServer(context, tree);
  const seeder = await startEngine(context, { uploadBytesPerSecond: 300_000 });
  await seeder.engine.seed(made.torrent, made.path);
  const link = `${formatMagnet({ infoHashV2: made.metainfo.infoHashV2 })}&ws=${encodeURIComponent(`${web.origin}/content`)}`;
  const { engine } = await startEngine(context);
  const result = await engine.download(parseMagnet(link), {
    folder: join(folder, 'out'),
    peers: [seeder.address],
    sourceWebSeeds: true,
    signal: signal(),
  });
  assert.deepEqual(await fingerprint(result.path), await fingerprint(made.path));
  assert.ok(web.asked.length > 0);
});

test('a download that stops its web seeds goes on without them', async (context) => {
  const folder = await temporaryFolder(context);
  const tree: Tree = { '': patternBytes(4_000_000, 5) };
  const made = await makeTorrent(folder, 'content', tree, 'v2');
  const web = await startWebServer(context, tree, (hit) => trickle(hit, 20_000));
  const seeder = await startEngine(context);
  await seeder.engine.seed(made.torrent, made.path);
  const { engine } = await startEngine(context);
  const running = await engine.start(made.metainfo, {
    folder: join(folder, 'out'),
    webSeeds: [`${web.origin}/content`],
    signal: signal(),
  });
  running.stopWebSeeds();
  const asked = web.asked.length;
  engine.once('progress', ({ swarm }) => swarm.discover({ peers: [seeder.address] }, made.metainfo));
  const result = await running.done;
  assert.deepEqual(await fingerprint(result.path), await fingerprint(made.path));
  assert.equal(web.asked.length, asked);
});

test('peers and a web seed share the work, and a slow one of them does not hold the other up', async (context) => {
  const folder = await temporaryFolder(context);
  const tree: Tree = { '': patternBytes(12_000_000, 5) };
  const made = await makeTorrent(folder, 'content', tree, 'hybrid');
  const slow = await startWebServer(context, tree, (hit) => trickle(hit, 20_000));
  const seeder = await startEngine(context);
  await seeder.engine.seed(made.torrent, made.path);
  const { engine } = await startEngine(context);
  const result = await engine.download(made.metainfo, {
    folder: join(folder, 'out'),
    peers: [seeder.address],
    webSeeds: [`${slow.origin}/content`],
    signal: signal(),
  });
  assert.deepEqual(await fingerprint(result.path), await fingerprint(made.path));
});

test('a second web seed takes over what a slow one set aside', async (context) => {
  const folder = await temporaryFolder(context);
  const tree: Tree = { '': patternBytes(12_000_000, 5) };
  const made = await makeTorrent(folder, 'content', tree, 'v2');
  const slow = await startWebServer(context, tree, (hit) => trickle(hit, 20_000));
  const fast = await startWebServer(context, tree);
  const { engine } = await startEngine(context);
  const result = await engine.download(made.metainfo, {
    folder: join(folder, 'out'),
    webSeeds: [`${slow.origin}/content`, `${fast.origin}/content`],
    signal: signal(),
  });
  assert.deepEqual(await fingerprint(result.path), await fingerprint(made.path));
});

test('web seeds are under the download limit', async (context) => {
  const folder = await temporaryFolder(context);
  const made = await makeTorrent(folder, 'content', SINGLE, 'v2');
  const web = await startWebServer(context, SINGLE);
  const { engine } = await startEngine(context, { downloadBytesPerSecond: 2_000_000 });
  const startedMs = performance.now();
  await engine.download(made.metainfo, {
    folder: join(folder, 'out'),
    webSeeds: [`${web.origin}/content`],
    signal: signal(),
  });
  const seconds = (performance.now() - startedMs) / 1000;
  assert.ok(seconds > 1, `3 MB at 2 MB/s took ${seconds} s`);
});

test('a server that knows no ranges is good for whole files', async (context) => {
  const folder = await temporaryFolder(context);
  const tree: Tree = { ...awkwardTree(), large: patternBytes(40_000_000, 8) };
  const made = await makeTorrent(folder, 'content', tree, 'v2');
  const web = await startWebServer(context, tree, ({ bytes, response }) => response.end(bytes));
  const { engine } = await startEngine(context);
  const result = await engine.download(made.metainfo, {
    folder: join(folder, 'out'),
    webSeeds: [`${web.origin}/`],
    signal: signal(),
  });
  assert.deepEqual(await fingerprint(result.path), await fingerprint(made.path));
});

test('a server that has some of the files gives those', async (context) => {
  const folder = await temporaryFolder(context);
  const tree = awkwardTree();
  const made = await makeTorrent(folder, 'content', tree, 'v2');
  const { 'b/many': many, ...others } = tree;
  const part = await startWebServer(context, others);
  const rest = await startWebServer(context, { 'b/many': many as Buffer });
  const { engine } = await startEngine(context);
  const troubles: string[] = [];
  const result = await engine.download(made.metainfo, {
    folder: join(folder, 'out'),
    webSeeds: [`${part.origin}/`, `${rest.origin}/`],
    onTrouble: ({ message }) => troubles.push(message),
    signal: signal(),
  });
  assert.deepEqual(await fingerprint(result.path), await fingerprint(made.path));
  assert.ok(troubles.every((text) => text.includes('does not have')));
});

/** Sends a few bytes at a time, for ever. */
function trickle({ bytes, first, last, response }: Hit, bytesPerSecond: number): void {
  response.writeHead(206, {
    'content-range': `bytes ${first}-${last}/${bytes.length}`,
    'content-length': last - first + 1,
  });
  let at = first;
  const timer = setInterval(() => {
    const end = Math.min(last + 1, at + bytesPerSecond / 20);
    response.write(bytes.subarray(at, end));
    at = end;
    if (at > last) {
      clearInterval(timer);
      response.end();
    }
  }, 50);
  response.on('close', () => clearInterval(timer));
}
