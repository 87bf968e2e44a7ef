import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { toHex, truncateInfoHash } from '../../src/bytes/index.ts';
import { Engine, type SwarmError } from '../../src/swarm/index.ts';
import { formatMagnet, parseMagnet } from '../../src/torrent/index.ts';
import { fingerprint, makeTorrent, patternBytes, temporaryFolder } from './content.ts';
import { startTracker } from './tracker-server.ts';

async function prepare(context: TestContext, options: ConstructorParameters<typeof Engine>[0] = {}) {
  const folder = await temporaryFolder(context);
  const made = await makeTorrent(folder, 'content', { '': patternBytes(500_000, 4) }, 'hybrid');
  const engine = new Engine(options);
  context.after(() => engine.close());
  const address = await engine.listen();
  const v2 = toHex(truncateInfoHash(made.metainfo.infoHashV2));
  const v1 = toHex(made.metainfo.infoHashV1 as Uint8Array);
  return { ...made, engine, address, v1, v2, out: join(folder, 'out') };
}

test('a seeder announces both identities from its own address, and says goodbye', async (context) => {
  const tracker = await startTracker(context);
  const { engine, torrent, path, address, v1, v2 } = await prepare(context, {
    host: '127.0.7.1',
    localAddress: '127.0.7.1',
  });
  await engine.seed(torrent, path, { trackers: [tracker.url] });
  for (const infoHashHex of [v1, v2]) {
    const started = await tracker.when((seen) => seen.infoHashHex === infoHashHex);
    assert.equal(started.event, 'started');
    assert.equal(started.host, '127.0.7.1');
    assert.equal(started.port, address.port);
    assert.equal(started.leftBytes, 0);
  }
  await engine.close();
  assert.deepEqual(
    tracker.seen
      .filter(({ event }) => event === 'stopped')
      .map(({ infoHashHex }) => infoHashHex)
      .sort(),
    [v1, v2].sort(),
  );
});

test('a swarm that leaves its trackers says goodbye once, keeps its peers, and can be connected to', async (context) => {
  const tracker = await startTracker(context, { intervalSeconds: 5 });
  const { engine, torrent, path, address, metainfo, v1, v2, out } = await prepare(context);
  const swarm = await engine.seed(torrent, path, { trackers: [tracker.url] });
  for (const name of [v1, v2]) await tracker.when(({ infoHashHex }) => infoHashHex === name);
  await swarm.stopDiscovery(['trackers']);
  const farewells = (): string[] =>
    tracker.seen.filter(({ event }) => event === 'stopped').map(({ infoHashHex }) => infoHashHex);
  assert.deepEqual(farewells().sort(), [v1, v2].sort());
  const told = tracker.seen.length;
  const leecher = new Engine();
  context.after(() => leecher.close());
  const result = await leecher.download(metainfo, { folder: out, peers: [address] });
  assert.deepEqual(await fingerprint(result.path), await fingerprint(path));
  await engine.close();
  assert.equal(tracker.seen.length, told, 'nothing more is said, at the end either');
});

test('a swarm that connects to nobody any more takes in those who connect', async (context) => {
  const { engine, address, torrent, path, metainfo, v1, v2, out } = await prepare(context);
  const tracker = await startTracker(context);
  await engine.seed(torrent, path, { trackers: [tracker.url] });
  for (const name of [v1, v2]) await tracker.when(({ infoHashHex }) => infoHashHex === name);
  const shy = new Engine({ host: '127.0.8.2', localAddress: '127.0.8.2' });
  context.after(() => shy.close());
  const { port } = await shy.listen();
  const met: string[] = [];
  const connected = Promise.withResolvers<void>();
  shy.on('peer', ({ change, direction }) => {
    met.push(`${direction} ${change}`);
    if (direction === 'incoming') connected.resolve();
  });
  const running = await shy.start(metainfo, { folder: out, trackers: [tracker.url], peers: [address] });
  running.done.catch(() => undefined);
  await running.stopDiscovery(['addresses']);
  await tracker.when(({ host }) => host === '127.0.8.2'); // trackers hear of it, and name the seeder
  const other = new Engine();
  context.after(() => other.close());
  other
    .download(metainfo, { folder: `${out}-2`, peers: [{ host: '127.0.8.2', port }] })
    .catch(() => undefined);
  await connected.promise;
  assert.deepEqual(met, ['incoming connected']);
  assert.equal(running.progress.haveBytes, 0);
});

test('a magnet link finds its seeder by the tracker and tells of its completion', async (context) => {
  const tracker = await startTracker(context, { failFirst: 1 });
  const { engine, torrent, path, metainfo, v1, v2, out } = await prepare(context);
  const troubles: SwarmError[] = [];
  await engine.seed(torrent, path, { trackers: [tracker.url], onTrouble: (error) => troubles.push(error) });
  await tracker.when(({ infoHashHex }) => infoHashHex === v2);
  const leecher = new Engine({ localAddress: '127.0.8.1', host: '127.0.8.1' });
  context.after(() => leecher.close());
  await leecher.listen();
  const link = formatMagnet({ infoHashV2: metainfo.infoHashV2 });
  const result = await leecher.download(parseMagnet(link), {
    folder: out,
    trackers: [tracker.url],
    keepSeeding: true,
    signal: AbortSignal.timeout(20_000),
  });
  assert.deepEqual(await fingerprint(result.path), await fingerprint(path));
  const completed = await tracker.when(({ event, host }) => event === 'completed' && host === '127.0.8.1');
  assert.equal(completed.leftBytes, 0);
  const first = await tracker.when(({ host, infoHashHex }) => host === '127.0.8.1' && infoHashHex === v2);
  assert.ok(first.leftBytes > 0, 'who has no metadata does not say that it seeds');
  await tracker.when(({ host, infoHashHex }) => host === '127.0.8.1' && infoHashHex === v1);
  assert.match(troubles[0]?.message ?? '', /^tracker 127\.0\.0\.1:\d+: the tracker refused: "not now"$/);
});

test('a tracker that is not there is a trouble that names it without its path', async (context) => {
  const { engine, torrent, path } = await prepare(context);
  const trouble = new Promise<SwarmError>((resolve) => {
    void engine.seed(torrent, path, {
      trackers: ['http://127.0.0.1:1/announce/secret-token'],
      onTrouble: resolve,
    });
  });
  const { code, message } = await trouble;
  assert.equal(code, 'tracker');
  assert.match(message, /^tracker 127\.0\.0\.1:1: /);
  assert.ok(!message.includes('secret'));
});

test('who downloads while it seeds serves others: a chain of three', async (context) => {
  const first = await prepare(context);
  await first.engine.seed(first.torrent, first.path);
  const second = new Engine({ host: '127.0.9.1' });
  context.after(() => second.close());
  const secondAddress = await second.listen();
  const third = new Engine();
  context.after(() => third.close());
  const signal = AbortSignal.timeout(20_000);
  const last = third.download(first.metainfo, { folder: `${first.out}3`, peers: [secondAddress], signal });
  const middle = await second.download(first.metainfo, {
    folder: `${first.out}2`,
    peers: [first.address],
    keepSeeding: true,
    signal,
  });
  assert.deepEqual(await fingerprint((await last).path), await fingerprint(middle.path));
});

test('what stands at the target is left alone, and so is its place when the download is stopped', async (context) => {
  const { engine, torrent, path, metainfo, address } = await prepare(context);
  await engine.seed(torrent, path);
  const leecher = new Engine();
  context.after(() => leecher.close());
  const folder = join(path, '..');
  await writeFile(path, 'something else');
  await assert.rejects(leecher.download(metainfo, { folder, peers: [address] }), { code: 'target-exists' });
  const stopped = leecher.download(metainfo, { folder: join(folder, 'never') });
  const ended = assert.rejects(stopped, { code: 'closed' });
  await leecher.close();
  await ended;
});

test('over IPv6: a tracker that is asked and tells peers there, x.pe in brackets, and a chain of both families', async (context) => {
  const tracker = await startTracker(context, { host: '::1' });
  const { engine, torrent, path, metainfo, address, out } = await prepare(context, {
    host: '::1',
    localAddress: '::1',
  });
  assert.equal(address.host, '::1');
  await engine.seed(torrent, path, { trackers: [tracker.url] });
  await tracker.when(({ host }) => host === '::1');
  const signal = AbortSignal.timeout(20_000);
  const both = new Engine({ host: '::' });
  context.after(() => both.close());
  const { port } = await both.listen();
  const byTracker = await both.download(parseMagnet(formatMagnet({ infoHashV2: metainfo.infoHashV2 })), {
    folder: out,
    trackers: [tracker.url],
    keepSeeding: true,
    signal,
  });
  assert.deepEqual(await fingerprint(byTracker.path), await fingerprint(path));
  await engine.close();
  for (const host of ['127.0.0.1', '::1']) {
    const leecher = new Engine({ localAddress: host });
    context.after(() => leecher.close());
    const link = parseMagnet(formatMagnet({ infoHashV2: metainfo.infoHashV2, peers: [{ host, port }] }));
    const folder = `${out} ${host.replaceAll(':', '-')}`;
    const byHint = await leecher.download(link, { folder, sourcePeers: true, signal });
    assert.deepEqual(await fingerprint(byHint.path), await fingerprint(path));
  }
});

test('a v1 magnet link is refused: there is nothing to verify by SHA-256', async () => {
  const leecher = new Engine();
  const link = parseMagnet(`magnet:?xt=urn:btih:${'ab'.repeat(20)}`);
  await assert.rejects(leecher.download(link, { folder: '/nonexistent' }), { code: 'v1-only' });
  await leecher.close();
});
