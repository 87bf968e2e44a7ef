// What an engine tells of itself: snapshots, and events that cannot upset it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { type TestContext, test } from 'node:test';
import { Engine, type EngineEvents, type PeerStatistics } from '../../src/swarm/index.ts';
import { encodeExtensionHandshake, encodeMessage } from '../../src/wire/index.ts';
import { type MadeTorrent, makeTorrent, patternBytes, temporaryFolder } from './content.ts';
import { dial, handshakeOf, startScripted } from './scripted-peer.ts';
import { startTracker } from './tracker-server.ts';

type Options = ConstructorParameters<typeof Engine>[0];
const SIZE = 600_000;
const CONTENT = patternBytes(SIZE, 4);

async function made(context: TestContext): Promise<MadeTorrent> {
  return makeTorrent(await temporaryFolder(context), 'content', { '': CONTENT }, 'hybrid');
}

async function listening(context: TestContext, options: Options = {}) {
  const engine = new Engine(options);
  context.after(() => engine.close());
  return { engine, address: await engine.listen() };
}

async function fetchInto(
  context: TestContext,
  engine: Engine,
  { metainfo }: MadeTorrent,
  peers: readonly { host: string; port: number }[],
) {
  const folder = join(await temporaryFolder(context), 'out');
  return engine.download(metainfo, { folder, peers, signal: AbortSignal.timeout(15_000) });
}

/** The first event of a name for which something holds. */
async function next<Name extends keyof EngineEvents>(
  engine: Engine,
  name: Name,
  fits: (event: EngineEvents[Name][0]) => boolean = () => true,
): Promise<EngineEvents[Name][0]> {
  for (;;) {
    const [event] = (await once(engine, name, { signal: AbortSignal.timeout(10_000) })) as EngineEvents[Name];
    if (fits(event)) return event;
  }
}

test('both sides of a transfer tell the same', async (context) => {
  const torrent = await made(context);
  const seeder = await listening(context, { uploadBytesPerSecond: 150_000, encryption: 'require' });
  const seeding = await seeder.engine.seed(torrent.metainfo, torrent.path, { isVerified: true });
  const leecher = await listening(context, { encryption: 'require', downloadBytesPerSecond: 10_000_000 });
  const done = fetchInto(context, leecher.engine, torrent, [seeder.address]);
  const { swarm, progress } = await next(
    leecher.engine,
    'progress',
    (event) => event.progress.downloadedBytes > 200_000 && event.progress.downloadBytesPerSecond > 0,
  );
  assert.equal(progress.totalBytes, SIZE);
  const [there] = swarm.statistics.peers as [PeerStatistics];
  const [here] = seeding.statistics.peers as [PeerStatistics];
  assert.equal(swarm.statistics.peers.length, 1);
  assert.equal(there.client, 'bitquorum 0.1');
  assert.deepEqual(there.address, seeder.address);
  assert.deepEqual([there.direction, here.direction], ['outgoing', 'incoming']);
  assert.deepEqual([there.isEncrypted, here.isEncrypted], [true, true]);
  assert.deepEqual([there.identity, here.identity], ['v2', 'v2']);
  assert.deepEqual([there.isChoking, there.isInteresting, there.isInterested], [false, true, false]);
  assert.deepEqual([here.isChoked, here.isInterested, here.isInteresting], [false, true, false]);
  assert.equal(there.piecesHave, progress.piecesTotal);
  assert.ok(there.requestsOut > 0 && here.requestsIn > 0, 'blocks are asked for and owed');
  assert.ok(there.downloadedBytes >= 200_000);
  assert.ok(here.uploadedBytes >= there.downloadedBytes);
  assert.ok(there.downloadBytesPerSecond > 75_000 && there.downloadBytesPerSecond < 300_000);
  const sum = leecher.engine.statistics;
  assert.deepEqual([sum.swarms, sum.peers, sum.connections, sum.handshakes], [1, 1, 1, 0]);
  assert.equal(sum.downloadedBytes, swarm.progress.downloadedBytes);
  assert.deepEqual(sum.limits, { uploadBytesPerSecond: 0, downloadBytesPerSecond: 10_000_000 });
  assert.deepEqual(leecher.engine.swarms, [swarm]);
  seeder.engine.setLimits({ uploadBytesPerSecond: 0 });
  await done;
  assert.equal(seeding.statistics.progress.uploadedBytes >= SIZE, true);
  assert.equal(seeding.statistics.name, 'content');
});

test('events tell of peers, trouble and the end; bans have their reasons', async (context) => {
  const torrent = await made(context);
  const liar = await startScripted(
    context,
    '127.0.51.1',
    torrent.metainfo,
    ({ length }) => new Uint8Array(length).fill(7),
    {},
  );
  const { engine, address } = await listening(context);
  const told: string[] = [];
  engine.on('peer', ({ change, address, reason }) =>
    told.push(`${change} ${address.host} ${reason?.code ?? ''}`),
  );
  const trouble = next(engine, 'trouble');
  const complete = next(engine, 'complete');
  const banned = next(engine, 'peer', ({ reason }) => reason?.code === 'peer-lied');
  const nobody = { host: '127.0.51.3', port: 9 };
  const done = fetchInto(context, engine, torrent, [liar, nobody]);
  const { swarm } = await banned;
  const honest = await listening(context);
  await honest.engine.seed(torrent.metainfo, torrent.path, { isVerified: true, peers: [address] });
  await done;
  assert.equal((await trouble).error.code, 'peer-lied');
  assert.equal((await complete).swarm, swarm);
  const { bans, hashFailures, progress } = swarm.statistics;
  assert.ok(hashFailures >= 1);
  assert.equal(progress.bannedPeers, 1);
  assert.deepEqual(
    bans.map(({ host, code }) => [host, code]),
    [['127.0.51.1', 'peer-lied']],
  );
  assert.match(bans[0]?.reason ?? '', /wrong block of piece \d+/);
  assert.ok(told.includes('connected 127.0.51.1 '));
  assert.ok(told.includes('left 127.0.51.1 peer-lied'));
  assert.ok(told.includes('unreachable 127.0.51.3 cannot-connect'));
});

test('a client’s name is made safe for a terminal, and told from the peer id where it is not given', async (context) => {
  const torrent = await made(context);
  const { engine, address } = await listening(context);
  const swarm = await engine.seed(torrent.metainfo, torrent.path, { isVerified: true });
  const names = [`\u001b[31mevil\u001b]0;title\u0007\n\u202ename ${'x'.repeat(500)}`, '', '  '];
  for (const [at, client] of names.entries()) {
    const handshake = handshakeOf(torrent.metainfo, at + 1);
    if (at > 0) handshake.set(Buffer.from(at === 1 ? '-qB4520-' : '********'), 48);
    const line = await dial(context, `127.0.52.${at + 1}`, address);
    line.socket.resume();
    line.socket.write(handshake);
    const payload = encodeExtensionHandshake({ extensions: new Map(), client });
    const told = next(engine, 'peer', ({ change }) => change === 'connected');
    line.socket.write(encodeMessage({ type: 'extended', extensionId: 0, payload }));
    line.send({ type: 'interested' });
    await told;
  }
  await next(engine, 'progress', () => swarm.statistics.peers.every(({ isInterested }) => isInterested));
  const [first, second, third] = swarm.statistics.peers.map(({ client }) => client);
  assert.match(first ?? '', /^evil/);
  assert.doesNotMatch(first ?? '', /[\p{Cc}\u202e]/u);
  assert.ok((first ?? '').length <= 64);
  assert.equal(second, 'qBittorrent 4.5.2.0');
  assert.equal(third, 'unknown client');
});

test('a listener that throws upsets no transfer: it is an uncaught exception of the program', async (context) => {
  const torrent = await made(context);
  const seeder = await listening(context);
  await seeder.engine.seed(torrent.metainfo, torrent.path, { isVerified: true });
  const leecher = await listening(context);
  leecher.engine.on('peer', () => {
    throw new Error('of the listener');
  });
  const seen: string[] = [];
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', ({ message }) => seen.push(message));
  context.after(() => {
    process.removeAllListeners('uncaughtException');
    for (const each of others) process.on('uncaughtException', each);
  });
  const { progress } = await fetchInto(context, leecher.engine, torrent, [seeder.address]);
  assert.equal(progress.haveBytes, SIZE);
  assert.ok(seen.includes('of the listener'));
});

test('trackers are told by host, with their answers and errors, and never with the secret in their path', async (context) => {
  const torrent = await made(context);
  const tracker = await startTracker(context);
  const secret = 'a-secret-of-the-user';
  const { port } = new URL(tracker.url);
  const { engine } = await listening(context);
  const troubles: string[] = [];
  engine.on('trouble', ({ error }) => troubles.push(error.message));
  const swarm = await engine.seed(torrent.metainfo, torrent.path, {
    isVerified: true,
    trackers: [tracker.url, `http://127.0.53.1:9/${secret}/announce`],
  });
  const told = () => swarm.statistics.trackers.filter(({ identity }) => identity === 'v2');
  await next(
    engine,
    'progress',
    () => told().length === 2 && told().some(({ peers }) => peers !== undefined),
  );
  const answered = told().find(({ host }) => host === `127.0.0.1:${port}`);
  const failed = told().find(({ host }) => host === '127.0.53.1:9');
  assert.equal(answered?.error, undefined);
  assert.ok((answered?.peers ?? -1) >= 0);
  assert.ok(Math.abs((answered?.answeredMs ?? 0) - Date.now()) < 10_000);
  assert.ok((answered?.nextMs ?? 0) > Date.now());
  assert.match(failed?.error ?? '', /127\.0\.53\.1:9/);
  assert.equal(failed?.answeredMs, undefined);
  assert.ok(troubles.length > 0);
  assert.doesNotMatch(JSON.stringify([swarm.statistics, troubles]), new RegExp(secret));
});
