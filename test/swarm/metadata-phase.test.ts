// Ways in which a magnet link could wait for its metadata for ever.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Engine } from '../../src/swarm/index.ts';
import { formatMagnet, parseMagnet } from '../../src/torrent/index.ts';
import { fingerprint, makeTorrent, patternBytes, temporaryFolder } from './content.ts';
import { dial, handshakeOf } from './scripted-peer.ts';

const LIMIT_MS = 10_000;

async function prepare(context: TestContext) {
  const folder = await temporaryFolder(context);
  const made = await makeTorrent(folder, 'content', { '': patternBytes(200_000, 61) }, 'v2');
  const source = parseMagnet(formatMagnet({ infoHashV2: made.metainfo.infoHashV2 }));
  return { ...made, folder, source };
}

async function startEngine(context: TestContext, host: string) {
  const engine = new Engine({ host, localAddress: host });
  context.after(() => engine.close());
  return { engine, address: await engine.listen() };
}

test('a peer that had no metadata when it connected gives it once it has it', async (context) => {
  const made = await prepare(context);
  const [seeder, middle, last] = await Promise.all(
    ['127.0.62.1', '127.0.62.2', '127.0.62.3'].map((host) => startEngine(context, host)),
  );
  assert.ok(seeder && middle && last);
  const signal = AbortSignal.timeout(LIMIT_MS);
  const met = Promise.withResolvers<void>();
  const first = middle.engine.download(made.source, {
    folder: join(made.folder, 'middle'),
    keepSeeding: true,
    signal,
    onProgress: ({ peers }) => {
      if (peers > 0) met.resolve();
    },
  });
  const second = last.engine.download(made.source, {
    folder: join(made.folder, 'last'),
    peers: [middle.address],
    signal,
  });
  await Promise.race([met.promise, first, second]);
  await seeder.engine.seed(made.torrent, made.path, { peers: [middle.address] });
  for (const { path } of await Promise.all([first, second])) {
    assert.deepEqual(await fingerprint(path), await fingerprint(made.path));
  }
});

test('an address whose connection was given up for another is dialled again when that one ends', async (context) => {
  const made = await prepare(context);
  const seeder = await startEngine(context, '127.0.62.4');
  await seeder.engine.seed(made.torrent, made.path);
  const leecher = await startEngine(context, '127.0.62.5');
  // Its peer id is above ours, so that the connection that it made is kept. Later connections lead to the seeder.
  const hello = handshakeOf(made.metainfo, 250);
  let connections = 0;
  const connectTwice = async (socket: Socket): Promise<void> => {
    await once(socket, 'data');
    socket.write(hello);
    const line = await dial(context, '127.0.62.6', leecher.address);
    line.socket.write(hello);
    await Promise.all([once(line.socket, 'data'), once(socket.resume(), 'close')]);
    line.socket.destroy();
  };
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    connections += 1;
    if (connections === 1) {
      void connectTwice(socket);
      return;
    }
    const onward = connect(seeder.address);
    onward.on('error', () => undefined);
    socket.pipe(onward).pipe(socket);
  });
  context.after(() => server.close());
  server.listen(0, '127.0.62.6');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const { path } = await leecher.engine.download(made.source, {
    folder: join(made.folder, 'out'),
    peers: [{ host: '127.0.62.6', port }],
    signal: AbortSignal.timeout(LIMIT_MS),
  });
  assert.deepEqual(await fingerprint(path), await fingerprint(made.path));
  assert.ok(connections > 1);
});
