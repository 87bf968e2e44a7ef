// Crowds at the door: a thousand connections from one address, houses that are full, and who makes room.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Engine } from '../../src/swarm/index.ts';
import { fingerprint, makeTorrent, patternBytes, temporaryFolder } from './content.ts';
import { MEMORY_BYTES, watchEscapes, watchMemory } from './hostile-scene.ts';
import { dial, handshakeOf, type Line } from './scripted-peer.ts';

type Options = ConstructorParameters<typeof Engine>[0];

async function seeding(context: TestContext, options: Options = {}, sizeBytes = 2_000_000) {
  const folder = await temporaryFolder(context);
  const made = await makeTorrent(folder, 'content', { '': patternBytes(sizeBytes, 4) }, 'v2');
  const engine = new Engine(options);
  context.after(() => engine.close());
  const address = await engine.listen();
  const swarm = await engine.seed(made.metainfo, made.path, { isVerified: true });
  const mustServe = async (): Promise<void> => {
    const leecher = new Engine();
    context.after(() => leecher.close());
    const { path } = await leecher.download(made.metainfo, {
      folder: join(folder, `out-${Math.random()}`),
      peers: [address],
      signal: AbortSignal.timeout(15_000),
    });
    assert.deepEqual(await fingerprint(path), await fingerprint(made.path));
    await leecher.close();
  };
  return { ...made, engine, address, swarm, mustServe };
}

/** Waits until something holds. */
async function until(holds: () => boolean, what: string): Promise<void> {
  const endMs = performance.now() + 10_000;
  while (!holds()) {
    assert.ok(performance.now() < endMs, `never came about: ${what}`);
    await sleep(20);
  }
}

/** Connects as a peer that shakes hands and then wants nothing. */
async function idler(
  context: TestContext,
  host: string,
  target: { host: string; port: number },
  handshake: Uint8Array,
): Promise<Line> {
  const line = await dial(context, host, target);
  line.socket.resume();
  line.socket.write(handshake);
  return line;
}

const KINDS: readonly ((socket: Socket, handshake: Uint8Array) => void)[] = [
  () => undefined, // says nothing
  (socket) => socket.write(patternBytes(65_536, 5)), // garbage
  (socket, handshake) => socket.write(handshake.subarray(0, 40)), // half a handshake
  (socket, handshake) => socket.write(handshake), // shakes hands, then nothing
  (socket, handshake) => {
    socket.write(handshake);
    socket.write(Uint8Array.of(0, 4, 0, 0, 20)); // a long message that does not come
  },
];

test('a thousand connections from one address hold few places, cost little, and others are served', async (context) => {
  const { engine, address, metainfo, mustServe } = await seeding(context, { handshakeTimeoutMs: 1500 });
  const sockets: Socket[] = [];
  context.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  const before = { memory: process.memoryUsage().rss, cpu: process.cpuUsage() };
  for (let batch = 0; batch < 20; batch += 1) {
    const fresh = Array.from({ length: 50 }, (_, at) => {
      const socket = connect({ ...address, localAddress: '127.0.41.1' });
      socket.on('error', () => undefined); // turned away, as most of them are
      socket.on('connect', () => KINDS[at % KINDS.length]?.(socket, handshakeOf(metainfo, at + 1)));
      return socket;
    });
    sockets.push(...fresh);
    await Promise.all(fresh.map((socket) => once(socket, 'connect').catch(() => undefined)));
    assert.ok(engine.statistics.connections <= 64, `${engine.statistics.connections} places are taken`);
  }
  await mustServe();
  const { user, system } = process.cpuUsage(before.cpu);
  // Both ends of all connections are in this process.
  assert.ok((user + system) / 1e6 < 4, `${(user + system) / 1e6} s of processor time`);
  assert.ok(process.memoryUsage().rss - before.memory < 150_000_000, 'memory stays bounded');
  await until(() => engine.statistics.handshakes === 0, 'who does not shake hands is let go');
});

test('a download that listens completes while a thousand connect from one address', async (context) => {
  const escapes = watchEscapes(context);
  const folder = await temporaryFolder(context);
  const made = await makeTorrent(folder, 'content', { '': patternBytes(8_000_000, 4) }, 'v2');
  const seeder = new Engine({ uploadBytesPerSecond: 4_000_000 });
  context.after(() => seeder.close());
  const honest = await seeder.listen();
  await seeder.seed(made.metainfo, made.path, { isVerified: true });
  const leecher = new Engine({ handshakeTimeoutMs: 1500 });
  context.after(() => leecher.close());
  const address = await leecher.listen();
  const memory = watchMemory(context);
  const done = leecher.download(made.metainfo, {
    folder: join(folder, 'out'),
    peers: [honest],
    signal: AbortSignal.timeout(20_000),
  });
  const sockets: Socket[] = [];
  context.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  for (let at = 0; at < 1000; at += 1) {
    const socket = connect({ ...address, localAddress: '127.0.46.1' });
    socket.on('error', () => undefined); // turned away, as most of them are
    socket.on('connect', () => KINDS[at % KINDS.length]?.(socket, handshakeOf(made.metainfo, at + 1)));
    sockets.push(socket);
    if (at % 50 === 49) await once(socket, 'connect').catch(() => undefined);
    assert.ok(leecher.statistics.connections <= 65, 'the crowd has its 64 places, the honest one its own');
  }
  assert.equal(leecher.swarms[0]?.progress.phase, 'downloading', 'the crowd came while it ran');
  const { path } = await done;
  assert.deepEqual(await fingerprint(path), await fingerprint(made.path));
  memory.mustStayBelow(MEMORY_BYTES);
  escapes.mustBeNone();
});

test('in a full house an idle peer makes room for one that wants something', async (context) => {
  const made = await seeding(context, { maxConnections: 6, uselessAfterMs: 300 });
  const { engine, swarm, address, metainfo } = made;
  for (let at = 1; at <= 6; at += 1)
    await idler(context, `127.0.42.${at}`, address, handshakeOf(metainfo, at));
  await until(() => swarm.progress.peers === 6, 'the house is full');
  const left: string[] = [];
  engine.on('peer', ({ change, reason }) => {
    if (change === 'left') left.push(reason?.code ?? '');
  });
  await sleep(1500); // a second's tick has to see them idle
  await made.mustServe();
  assert.equal(left[0], 'peer-not-needed');
});

test('a full swarm makes room in the same way', async (context) => {
  const made = await seeding(context, { maxConnectionsPerSwarm: 3, uselessAfterMs: 300 });
  for (let at = 1; at <= 3; at += 1) {
    await idler(context, `127.0.43.${at}`, made.address, handshakeOf(made.metainfo, at));
  }
  await until(() => made.swarm.progress.peers === 3, 'the swarm is full');
  await sleep(1500);
  await made.mustServe();
});

test('in a full house who does not shake hands goes first', async (context) => {
  const made = await seeding(context, { maxConnections: 4, handshakeTimeoutMs: 12_000 });
  const silent = await Promise.all([1, 2, 3, 4].map((at) => dial(context, `127.0.44.${at}`, made.address)));
  for (const { socket } of silent) socket.resume();
  await until(() => made.engine.statistics.handshakes === 4, 'the house is full');
  const startedMs = performance.now();
  await made.mustServe();
  assert.ok(performance.now() - startedMs < 11_000, 'before their time was up');
});

test('a full house of peers that are being served stays as it is', async (context) => {
  const made = await seeding(
    context,
    { maxConnections: 2, uselessAfterMs: 1000, uploadBytesPerSecond: 200_000 },
    400_000,
  );
  const madeRoom: string[] = [];
  made.engine.on('peer', ({ change, reason }) => {
    if (change === 'left' && reason?.message.includes('made room')) madeRoom.push(reason.message);
  });
  const served = [made.mustServe(), made.mustServe()];
  await until(() => made.swarm.progress.peers === 2, 'both are there');
  await sleep(1500); // longer than a useless peer would be left alone
  const late = await idler(context, '127.0.45.1', made.address, handshakeOf(made.metainfo, 9));
  await once(late.socket, 'close', { signal: AbortSignal.timeout(3000) });
  await Promise.all(served);
  assert.deepEqual(madeRoom, []);
});
