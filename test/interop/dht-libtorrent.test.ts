// The DHT among real programs on loopback: libtorrent and bittorrent-dht as nodes, libtorrent as a peer found by it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Client } from 'bittorrent-dht';
import { Engine } from '../../src/swarm/index.ts';
import { formatMagnet, parseMagnet } from '../../src/torrent/index.ts';
import type { PeerAddress } from '../../src/wire/index.ts';
import { needs, programOf } from '../support/needs.ts';
import { fingerprint, makeTorrent, patternBytes, temporaryFolder } from '../swarm/content.ts';

interface Order {
  readonly listen: string;
  readonly nodes?: readonly (readonly [host: string, port: number])[];
  readonly torrent?: string;
  readonly magnet?: string;
  readonly folder?: string;
}

async function startLibtorrentNode(context: TestContext, order: Order) {
  const script = fileURLToPath(new URL('./libtorrent_dht.py', import.meta.url));
  const child = spawn(programOf('libtorrent'), [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  context.after(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  child.stdin.write(`${JSON.stringify(order)}\n`);
  const port = Promise.withResolvers<number>();
  const seeding = Promise.withResolvers<void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const event = JSON.parse(line) as { port?: number; seeding?: boolean; note?: string };
    if (event.port !== undefined) port.resolve(event.port);
    if (event.seeding) seeding.resolve();
    if (event.note !== undefined) context.diagnostic(event.note);
  });
  return { port: await port.promise, seeding: seeding.promise };
}

async function startEngine(context: TestContext, host: string, bootstrap: readonly PeerAddress[]) {
  const engine = new Engine({ host, localAddress: host, dht: { bootstrap }, encryption: 'off' });
  context.after(() => engine.close());
  return { engine, address: await engine.listen() };
}

async function prepare(context: TestContext) {
  const folder = await temporaryFolder(context);
  const made = await makeTorrent(folder, 'content', { '': patternBytes(200_000, 6) }, 'v2');
  const magnet = formatMagnet({ infoHashV2: made.metainfo.infoHashV2 });
  return { ...made, magnet, out: join(folder, 'out') };
}

test('a libtorrent node in between: our seeder is announced to it, our download finds it there', {
  skip: needs('libtorrent'),
}, async (context) => {
  const { torrent, path, magnet, out } = await prepare(context);
  const { port } = await startLibtorrentNode(context, { listen: '127.0.31.1:0' });
  const bootstrap = [{ host: '127.0.31.1', port }];
  const seeder = await startEngine(context, '127.0.31.2', bootstrap);
  await seeder.engine.seed(torrent, path);
  const leecher = await startEngine(context, '127.0.31.3', bootstrap);
  const signal = AbortSignal.timeout(30_000);
  const result = await leecher.engine.download(parseMagnet(magnet), { folder: out, signal });
  assert.deepEqual(await fingerprint(result.path), await fingerprint(path));
});

test('libtorrent downloads a v2 magnet link from our seeder, found in our DHT node', {
  skip: needs('libtorrent'),
}, async (context) => {
  const { torrent, path, magnet, out } = await prepare(context);
  const node = await startEngine(context, '127.0.32.1', []);
  const seeder = await startEngine(context, '127.0.32.2', [node.address]);
  await seeder.engine.seed(torrent, path);
  const libtorrent = await startLibtorrentNode(context, {
    listen: '127.0.32.3:0',
    nodes: [[node.address.host, node.address.port]],
    magnet,
    folder: out,
  });
  await libtorrent.seeding;
  assert.deepEqual(
    Object.values(await fingerprint(join(out, 'content'))),
    Object.values(await fingerprint(path)),
  );
});

test('our download finds a libtorrent seeder that announced itself to our DHT node', {
  skip: needs('libtorrent'),
}, async (context) => {
  const { torrent, path, magnet, out } = await prepare(context);
  const file = `${path}.torrent`;
  await writeFile(file, torrent);
  const node = await startEngine(context, '127.0.33.1', []);
  await startLibtorrentNode(context, {
    listen: '127.0.33.3:0',
    nodes: [[node.address.host, node.address.port]],
    torrent: file,
    folder: join(path, '..'),
  });
  const leecher = await startEngine(context, '127.0.33.2', [node.address]);
  const signal = AbortSignal.timeout(30_000);
  const result = await leecher.engine.download(parseMagnet(magnet), { folder: out, signal });
  assert.deepEqual(await fingerprint(result.path), await fingerprint(path));
});

test('a bittorrent-dht node in between', async (context) => {
  const { torrent, path, magnet, out } = await prepare(context);
  const between = new Client({ bootstrap: false });
  context.after(() => new Promise<void>((done) => between.destroy(done)));
  between.listen(0, '127.0.34.1');
  await once(between, 'listening');
  const bootstrap = [{ host: '127.0.34.1', port: between.address().port }];
  const seeder = await startEngine(context, '127.0.34.2', bootstrap);
  await seeder.engine.seed(torrent, path);
  const leecher = await startEngine(context, '127.0.34.3', bootstrap);
  const signal = AbortSignal.timeout(30_000);
  const result = await leecher.engine.download(parseMagnet(magnet), { folder: out, signal });
  assert.deepEqual(await fingerprint(result.path), await fingerprint(path));
});
