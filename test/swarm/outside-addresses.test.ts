// Addresses that stand in torrents, magnet links and trackers' answers are chosen by strangers.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Engine, type SwarmError } from '../../src/swarm/index.ts';
import { createTorrent, formatMagnet, parseMagnet } from '../../src/torrent/index.ts';
import { fingerprint, makeTorrent, patternBytes, temporaryFolder } from './content.ts';

/** A web server that notes what it is asked. */
async function startWeb(
  context: TestContext,
  answer: (path: string, response: ServerResponse) => void,
): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    asked.push(path);
    answer(path, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return { url: `http://127.0.0.1:${address.port}`, asked };
}

test('web seeds and the sources that a magnet link names are never asked', async (context) => {
  const folder = await temporaryFolder(context);
  const { path } = await makeTorrent(folder, 'content', { '': patternBytes(100_000, 1) }, 'v2');
  const web = await startWeb(context, (_path, response) => response.end('x'));
  const { torrent, metainfo } = await createTorrent(path, { webSeeds: [`${web.url}/torrent-seed`] });
  const seeder = new Engine();
  const leecher = new Engine();
  context.after(() => Promise.all([seeder.close(), leecher.close()]));
  const address = await seeder.listen();
  await seeder.seed(torrent, path);
  const link = `${formatMagnet(metainfo)}&ws=${web.url}/seed&xs=${web.url}/source.torrent&as=${web.url}/other`;
  for (const [number, source] of [parseMagnet(link), metainfo].entries()) {
    const result = await leecher.download(source, {
      folder: join(folder, `out ${number}`),
      peers: [address],
      signal: AbortSignal.timeout(15_000),
    });
    assert.deepEqual(await fingerprint(result.path), await fingerprint(path));
  }
  assert.deepEqual(web.asked, []);
});

for (const [what, target, times, why] of [
  ['to itself without end', '/announce', 4, /it redirects too often/],
  ['to a file', 'file:///etc/hostname', 1, /file: is not a protocol/],
  ['to an answer without end', '/endless', 2, /it answers too much/],
] as const) {
  test(`a tracker that redirects ${what} is given up`, async (context) => {
    const folder = await temporaryFolder(context);
    const { torrent, path } = await makeTorrent(folder, 'content', { '': patternBytes(1000, 1) }, 'v2');
    const web = await startWeb(context, (asked, response) => {
      if (asked === '/endless') response.end(Buffer.alloc(3 << 20, 'd'));
      else response.writeHead(302, { location: target }).end();
    });
    const engine = new Engine();
    context.after(() => engine.close());
    await engine.listen();
    const trouble = await new Promise<SwarmError>((resolve, reject) => {
      const options = { trackers: [`${web.url}/announce`], onTrouble: resolve };
      engine.seed(torrent, path, options).catch(reject);
    });
    assert.equal(trouble.code, 'tracker');
    assert.match(trouble.message, why);
    assert.equal(web.asked.length, times);
  });
}

test('an engine that is told no address listens on loopback', async (context) => {
  const engine = new Engine();
  context.after(() => engine.close());
  assert.equal((await engine.listen()).host, '127.0.0.1');
});
