// A hybrid's v1 swarm leads to v2 connections (BEP 52, "upgrade path"): seen from both ends. Only those give piece layers,
// which some `.torrent` files lack.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { brandBytes, type InfoHashV1, toHex, truncateInfoHash } from '../../src/bytes/index.ts';
import { Engine } from '../../src/swarm/index.ts';
import { formatMagnet, parseMagnet, parseTorrent, TORRENT_LIMITS } from '../../src/torrent/index.ts';
import { HANDSHAKE_BYTES, type Handshake, parseHandshake } from '../../src/wire/index.ts';
import { isEvent, start } from './command-process.ts';
import { fingerprint, makeTorrent, patternBytes, temporaryFolder } from './content.ts';
import { dial, handshakeOf } from './scripted-peer.ts';
import { startTracker } from './tracker-server.ts';

const LIMIT_MS = 10_000;
/** Where the other sides of our connections are. */
const ELSEWHERE = '127.0.67.1';

/** A hybrid of many pieces; `bare` is its `.torrent` without the piece layers, which v2 connections alone give. */
async function prepare(context: TestContext, profile: 'hybrid' | 'v2') {
  const folder = await temporaryFolder(context);
  const made = await makeTorrent(folder, 'content', { '': patternBytes(700_001, 23) }, profile);
  const { infoBytes } = made.metainfo;
  const bareBytes = Buffer.concat([Buffer.from('d4:info'), infoBytes, Buffer.from('e')]);
  const bare = parseTorrent(bareBytes, TORRENT_LIMITS, { mayLackLayers: true });
  assert.equal(bare.pieceLayers.size, 0);
  const engine = new Engine();
  context.after(() => engine.close());
  const leecher = new Engine({ localAddress: ELSEWHERE });
  context.after(() => leecher.close());
  return { ...made, bare, bareBytes, engine, leecher, out: join(folder, 'out') };
}

/** Puts a port of 127.0.0.1 on a tracker's list for one infohash. */
async function announce(trackerUrl: string, infoHash: Uint8Array, port: number): Promise<void> {
  const escaped = Array.from(infoHash, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  const query = `info_hash=${escaped}&peer_id=${'x'.repeat(20)}&port=${port}&uploaded=0&downloaded=0&left=0`;
  await (await fetch(`${trackerUrl}?${query}&compact=1&event=started`)).arrayBuffer();
}

/** The handshake that answers one, over a connection of its own. */
async function answerTo(
  context: TestContext,
  target: { host: string; port: number },
  hello: Uint8Array,
): Promise<Handshake> {
  const line = await dial(context, ELSEWHERE, target);
  line.socket.write(hello);
  let seen = Buffer.alloc(0);
  while (seen.length < HANDSHAKE_BYTES) {
    const [chunk] = (await once(line.socket, 'data', { signal: AbortSignal.timeout(LIMIT_MS) })) as [Buffer];
    seen = Buffer.concat([seen, chunk]);
  }
  line.socket.destroy();
  return parseHandshake(seen.subarray(0, HANDSHAKE_BYTES));
}

test('a v1 handshake is answered with the v2 infohash where its reserved bit allows it, else with its own', async (context) => {
  const { engine, torrent, path, metainfo } = await prepare(context, 'hybrid');
  const address = await engine.listen();
  await engine.seed(torrent, path);
  const v1 = metainfo.infoHashV1 as Uint8Array;
  const v2 = truncateInfoHash(metainfo.infoHashV2);
  for (const [asked, isUpgradable, answered] of [
    [v1, true, v2],
    [v1, false, v1],
    [v2, true, v2],
    [v2, false, v2],
  ] as const) {
    const hello = handshakeOf(metainfo, 77);
    hello.set(asked, 28);
    hello[27] = isUpgradable ? 0x14 : 0x04;
    const answer = await answerTo(context, address, hello);
    assert.equal(toHex(answer.infoHash), toHex(answered));
    assert.ok(answer.upgradable && answer.fast && answer.extended);
  }
});

test('who is known from the v1 swarm alone is dialled with the v1 infohash and the bit that allows the upgrade', async (context) => {
  const { bare, leecher, out } = await prepare(context, 'hybrid');
  const dialled = Promise.withResolvers<Buffer>();
  const server = createServer((socket) => {
    let seen = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      seen = Buffer.concat([seen, chunk]);
      if (seen.length >= HANDSHAKE_BYTES) dialled.resolve(seen.subarray(0, HANDSHAKE_BYTES));
    });
    context.after(() => socket.destroy());
  });
  context.after(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const tracker = await startTracker(context);
  const v1 = bare.infoHashV1 as Uint8Array;
  await announce(tracker.url, v1, (server.address() as { port: number }).port);
  const ended = new AbortController();
  const options = { folder: out, trackers: [tracker.url], signal: ended.signal };
  const done = assert.rejects(leecher.download(bare, options));
  const hello = parseHandshake(await dialled.promise);
  assert.equal(toHex(hello.infoHash), toHex(v1));
  assert.ok(hello.upgradable);
  ended.abort();
  await done;
});

test('a .torrent without piece layers is downloaded from a seeder that is known from the v1 swarm alone', async (context) => {
  const { engine, leecher, torrent, path, bare, out } = await prepare(context, 'hybrid');
  const { port } = await engine.listen();
  await engine.seed(torrent, path);
  const tracker = await startTracker(context);
  await announce(tracker.url, bare.infoHashV1 as Uint8Array, port);
  const result = await leecher.download(bare, {
    folder: out,
    trackers: [tracker.url],
    signal: AbortSignal.timeout(LIMIT_MS),
  });
  assert.deepEqual(await fingerprint(result.path), await fingerprint(path));
});

test('a magnet link with both infohashes is announced under both at once; one that names two torrents ends with an error', async (context) => {
  const { engine, leecher, torrent, path, metainfo, out } = await prepare(context, 'hybrid');
  const address = await engine.listen();
  await engine.seed(torrent, path);
  const tracker = await startTracker(context);
  const infoHashV1 = metainfo.infoHashV1 as InfoHashV1;
  const { infoHashV2 } = metainfo;
  const wrong = brandBytes('InfoHashV1', infoHashV1.slice().reverse());
  const options = { peers: [address], trackers: [tracker.url], signal: AbortSignal.timeout(LIMIT_MS) };
  const lying = parseMagnet(formatMagnet({ infoHashV2, infoHashV1: wrong }));
  await assert.rejects(leecher.download(lying, { ...options, folder: `${out}-lying` }), {
    code: 'inconsistent-hybrid',
    message: /the magnet link names two torrents/,
  });
  const magnet = parseMagnet(formatMagnet({ infoHashV2, infoHashV1 }));
  const waiting = leecher.download(magnet, { trackers: [tracker.url], folder: out, signal: options.signal });
  const announced = [infoHashV1, truncateInfoHash(infoHashV2)].map((hash) =>
    tracker.when(({ infoHashHex }) => infoHashHex === toHex(hash)),
  );
  for (const { leftBytes } of await Promise.all(announced)) assert.ok(leftBytes > 0);
  const ended = assert.rejects(waiting, { code: 'closed' }); // before closing, which lasts longer than the download
  await leecher.close();
  await ended;
  const another = new Engine();
  context.after(() => another.close());
  const result = await another.download(magnet, { ...options, folder: out });
  assert.deepEqual(await fingerprint(result.path), await fingerprint(path));
});

for (const profile of ['hybrid', 'v2'] as const) {
  test(`a .torrent without piece layers gets them from its seeder: ${profile}`, async (context) => {
    const { engine, leecher, torrent, metainfo, path, bare, out } = await prepare(context, profile);
    const address = await engine.listen();
    await engine.seed(torrent, path);
    const result = await leecher.download(bare, {
      folder: out,
      peers: [address],
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    assert.deepEqual(await fingerprint(result.path), await fingerprint(path));
    assert.deepEqual(result.metainfo.pieceLayers, metainfo.pieceLayers);
  });
}

test('the commands seed and fetch by a .torrent file without piece layers', async (context) => {
  const { path, bareBytes, out } = await prepare(context, 'hybrid');
  const file = `${path}-bare.torrent`;
  await writeFile(file, bareBytes);
  const seed = start(context, 'seed', path, '--torrent', file);
  const { port } = await seed.when(isEvent('listening'));
  await seed.when(isEvent('seeding'));
  const fetched = start(context, 'download', file, '--peer', `127.0.0.1:${String(port)}`, '--out', out);
  const { code, stderr } = await fetched.end;
  assert.equal(code, 0, stderr);
  assert.deepEqual(await fingerprint(join(out, 'content')), await fingerprint(path));
});
