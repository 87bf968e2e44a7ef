// Ways in which a magnet link could wait for its metadata for ever.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Engine } from '../../src/swarm/index.ts';
import { formatMagnet, parseMagnet } from '../../src/torrent/index.ts';
import type { BlockSpan } from '../../src/wire/index.ts';
import { fingerprint, makeTorrent, patternBytes, temporaryFolder } from './content.ts';
import { dial, handshakeOf, type Line, startScripted } from './scripted-peer.ts';

const LIMIT_MS = 20_000;

async function prepare(context: TestContext, sizeBytes = 200_000) {
  const folder = await temporaryFolder(context);
  const made = await makeTorrent(folder, 'content', { '': patternBytes(sizeBytes, 61) }, 'v2');
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

test('a peer that rejected many times is met again, and asked then', async (context) => {
  const made = await prepare(context, 10_000); // one block: there are no hashes to ask for
  const content = await readFile(made.path);
  const { pieceLength } = made.metainfo;
  const bytesAt = ({ pieceIndex, begin, length }: BlockSpan): Uint8Array =>
    content.subarray(pieceIndex * pieceLength + begin, pieceIndex * pieceLength + begin + length);
  let first: Line | undefined;
  const peer = await startScripted(context, '127.0.62.7', made.metainfo, bytesAt, {
    metadataAnswers: (pieceIndex, line) => {
      first ??= line;
      if (line === first) return [{ type: 'reject', pieceIndex }];
      const piece = made.metainfo.infoBytes;
      return [{ type: 'data', pieceIndex, totalBytes: piece.length, piece }];
    },
  });
  const { engine } = await startEngine(context, '127.0.62.8');
  const { path } = await engine.download(made.source, {
    folder: join(made.folder, 'out'),
    peers: [peer],
    signal: AbortSignal.timeout(LIMIT_MS),
  });
  assert.deepEqual(await fingerprint(path), await fingerprint(made.path));
  assert.equal(peer.lines.length, 2);
});
