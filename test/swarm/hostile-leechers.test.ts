// A seeder among hostile peers: it goes on serving honest ones, within its bounds.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { concatBytes } from '../../src/bytes/index.ts';
import { Engine } from '../../src/swarm/index.ts';
import { encodeMessage, MessageDecoder, type PeerMessage } from '../../src/wire/index.ts';
import {
  awkwardTree,
  fingerprint,
  type MadeTorrent,
  makeTorrent,
  patternBytes,
  temporaryFolder,
} from './content.ts';
import { dial, handshakeOf, type Line } from './scripted-peer.ts';

async function seeding(context: TestContext, options: ConstructorParameters<typeof Engine>[0] = {}) {
  const folder = await temporaryFolder(context);
  const made = await makeTorrent(folder, 'content', awkwardTree(), 'hybrid');
  const engine = new Engine({ handshakeTimeoutMs: 400, ...options });
  context.after(() => engine.close());
  const address = await engine.listen();
  const swarm = await engine.seed(made.torrent, made.path);
  const mustServe = async (): Promise<void> => {
    const leecher = new Engine();
    const { path } = await leecher.download(made.metainfo, {
      folder: join(folder, `out-${Math.random()}`),
      peers: [address],
      signal: AbortSignal.timeout(15_000),
    });
    assert.deepEqual(await fingerprint(path), await fingerprint(made.path));
    await leecher.close();
  };
  return { ...made, address, swarm, mustServe };
}

/** Waits until something holds. */
async function until(holds: () => boolean, what: string): Promise<void> {
  const endMs = performance.now() + 10_000;
  while (!holds()) {
    assert.ok(performance.now() < endMs, `never came about: ${what}`);
    await sleep(20);
  }
}

/** Resolves when the seeder cut a connection off. */
async function cutOff({ socket }: Line): Promise<void> {
  socket.resume();
  if (!socket.closed) await once(socket, 'close', { signal: AbortSignal.timeout(5000) });
}

/** Reads what a seeder sends after its handshake. */
function listen(line: Line): PeerMessage[] {
  const seen: PeerMessage[] = [];
  let head = 68;
  const decoder = new MessageDecoder({
    message: (message) => seen.push(message),
    beginBlock: () => undefined,
    endBlock: () => undefined,
  });
  line.socket.on('data', (chunk: Buffer) => {
    const skipped = Math.min(head, chunk.length);
    head -= skipped;
    decoder.push(chunk.subarray(skipped));
  });
  return seen;
}

const ATTACKS: readonly (readonly [name: string, attack: (line: Line, made: MadeTorrent) => void])[] = [
  ['garbage', ({ socket }) => socket.write(patternBytes(300, 3))],
  ['half a handshake', ({ socket }, { metainfo }) => socket.write(handshakeOf(metainfo, 1).subarray(0, 40))],
  [
    'a handshake for another torrent',
    ({ socket }, { metainfo }) => {
      const handshake = handshakeOf(metainfo, 2);
      handshake.fill(0xaa, 28, 48);
      socket.write(handshake);
    },
  ],
  [
    'an oversize message',
    ({ socket }, { metainfo }) => {
      socket.write(concatBytes(handshakeOf(metainfo, 3), Uint8Array.of(0x7f, 0xff, 0xff, 0xff, 20, 0)));
    },
  ],
  [
    'the bencode that loops elsewhere',
    ({ socket }, { metainfo }) => {
      const payload = Buffer.from('l-3:e');
      const message = encodeMessage({ type: 'extended', extensionId: 0, payload });
      socket.write(concatBytes(handshakeOf(metainfo, 4), message));
    },
  ],
  [
    'a metadata message that is none',
    ({ socket }, { metainfo }) => {
      const message = encodeMessage({
        type: 'extended',
        extensionId: 1,
        payload: Buffer.from('d8:msg_typei0e'),
      });
      socket.write(concatBytes(handshakeOf(metainfo, 5), message));
    },
  ],
  [
    'two bitfields',
    ({ socket }, { metainfo }) => {
      const message = encodeMessage({ type: 'have-all' });
      socket.write(concatBytes(handshakeOf(metainfo, 6), message, message));
    },
  ],
];

for (const [name, attack] of ATTACKS) {
  test(`a seeder cuts off a peer that sends ${name}, and serves others`, async (context) => {
    const made = await seeding(context);
    const line = await dial(context, '127.0.20.1', made.address);
    attack(line, made);
    await cutOff(line);
    await made.mustServe();
  });
}

test('many connections from one address get no more than their places, and others are served', async (context) => {
  const { address, metainfo, swarm, mustServe } = await seeding(context, { maxConnectionsPerAddress: 8 });
  let turnedAway = 0;
  for (let count = 0; count < 200; count += 1) {
    const line = await dial(context, '127.0.21.1', address);
    line.socket.once('close', () => {
      turnedAway += 1;
    });
    line.socket.resume().write(handshakeOf(metainfo, count + 1));
    assert.ok(swarm.progress.peers <= 8, `${swarm.progress.peers} peers`);
  }
  await until(() => turnedAway === 192, 'all but eight are turned away');
  await until(() => swarm.progress.peers === 8, 'eight have shaken hands');
  await mustServe();
});

test('requests for what does not exist are rejected, block by block', async (context) => {
  const { address, metainfo, mustServe } = await seeding(context);
  const line = await dial(context, '127.0.22.1', address);
  const seen = listen(line);
  line.socket.write(handshakeOf(metainfo, 9));
  line.send({ type: 'interested' });
  const spans = [
    { pieceIndex: 4_000_000, begin: 0, length: 16_384 },
    { pieceIndex: 0, begin: 4_000_000_000, length: 16_384 },
    { pieceIndex: 0, begin: 0, length: 4_000_000_000 },
    { pieceIndex: 0, begin: 0, length: 0 },
  ];
  for (const span of spans) line.send({ type: 'request', ...span });
  const piecesRoot = metainfo.files.find(({ piecesRoot: root }) => root)?.piecesRoot as Uint8Array;
  const ranges = [
    { piecesRoot: new Uint8Array(32), baseLayer: 0, index: 0, length: 2, proofLayers: 0 },
    { piecesRoot, baseLayer: 4_000_000_000, index: 0, length: 2, proofLayers: 0 },
    { piecesRoot, baseLayer: 0, index: 3, length: 2, proofLayers: 0 },
    { piecesRoot, baseLayer: 0, index: 0, length: 3, proofLayers: 0 },
    { piecesRoot, baseLayer: 0, index: 0, length: 4_294_967_295, proofLayers: 0 },
    { piecesRoot, baseLayer: 0, index: 0, length: 2, proofLayers: 4_294_967_295 },
  ];
  for (const range of ranges) line.send({ type: 'hash-request', ...range });
  const rejects = (): number => seen.filter(({ type }) => type === 'hash-reject').length;
  await until(() => rejects() === ranges.length, 'every hash request is rejected');
  const rejected = seen.flatMap((message) => {
    if (message.type !== 'reject') return [];
    const { pieceIndex, begin, length } = message;
    return [{ pieceIndex, begin, length }];
  });
  assert.deepEqual(rejected, spans);
  assert.ok(!line.socket.closed);
  await mustServe();
});
