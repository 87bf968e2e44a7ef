// `bitquorum seed` and `bitquorum download` as processes: what they print, how they end, what they leave behind.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { toHex } from '../../src/bytes/index.ts';
import { Engine } from '../../src/swarm/index.ts';
import { parseMagnet } from '../../src/torrent/index.ts';
import { isEvent, type Line, start } from './command-process.ts';
import { awkwardTree, fingerprint, makeTorrent, patternBytes, temporaryFolder } from './content.ts';
import { startTracker } from './tracker-server.ts';

/** A peer that takes connections and says nothing. */
async function silentPeer(context: TestContext): Promise<string> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined); // it is cut off when the other side is interrupted
    socket.resume();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
}

test('one process seeds a folder, another fetches it by the printed magnet link', async (context) => {
  const folder = await temporaryFolder(context);
  const { path, metainfo } = await makeTorrent(folder, 'content', awkwardTree(), 'hybrid');
  const infoHashV2 = toHex(metainfo.infoHashV2);
  const seed = start(context, 'seed', path);
  const listening = await seed.when(isEvent('listening'));
  assert.deepEqual(Object.keys(listening), ['event', 'host', 'port']);
  const seeding = await seed.when(isEvent('seeding'));
  assert.deepEqual(Object.keys(seeding), ['event', 'path', 'name', 'infoHashV2', 'sizeBytes', 'magnet']);
  assert.equal(seeding['infoHashV2'], infoHashV2);
  const magnet = parseMagnet(seeding['magnet'] as string);
  assert.deepEqual(magnet.peers, [{ host: '127.0.0.1', port: listening['port'] }]);
  const status = await seed.when(isEvent('status'));
  assert.deepEqual(Object.keys(status), ['event', 'peers', 'uploadedBytes', 'uploadBytesPerSecond']);

  const out = join(folder, 'out');
  const download = start(context, 'download', seeding['magnet'] as string, '--local', '--out', out);
  const { code, stderr } = await download.end;
  assert.equal(code, 0, stderr);
  const done = download.lines.at(-1) as Line;
  assert.deepEqual(Object.keys(done), [
    'event',
    'path',
    'infoHashV2',
    'sizeBytes',
    'seconds',
    'downloadedBytes',
    'uploadedBytes',
    'wastedBytes',
    'bannedPeers',
    'resumedBytes',
    'alreadyThere',
  ]);
  assert.equal(done.event, 'done');
  assert.equal(done['path'], join(out, 'content'));
  assert.equal(done['infoHashV2'], infoHashV2);
  const progress = download.lines.find(isEvent('progress')) as Line;
  assert.equal(progress['totalBytes'], metainfo.sizeBytes);
  assert.equal(typeof progress['peers'], 'number');
  assert.deepEqual(await fingerprint(join(out, 'content')), await fingerprint(path));
  assert.deepEqual(await readdir(out), ['content']);

  seed.child.kill('SIGINT');
  assert.equal((await seed.end).code, 0, 'a service that is stopped has not failed');
});

test('a .torrent file without trackers is fetched from a named peer, one with a tracker by it', async (context) => {
  const folder = await temporaryFolder(context);
  const tree = { '': patternBytes(400_000, 8) };
  const { path, torrent } = await makeTorrent(folder, 'content', tree, 'v2');
  const file = join(folder, 'content.torrent');
  await writeFile(file, torrent);
  const tracker = await startTracker(context);
  const seed = start(context, 'seed', path, '--torrent', file, '--tracker', tracker.url);
  const { port } = await seed.when(isEvent('listening'));
  await seed.when(isEvent('seeding'));
  const byPeer = start(
    context,
    'download',
    file,
    '--peer',
    `127.0.0.1:${String(port)}`,
    '--out',
    join(folder, 'a'),
  );
  assert.equal((await byPeer.end).code, 0);
  assert.equal(tracker.seen.filter(({ event }) => event === 'completed').length, 0);
  await tracker.when(({ event }) => event === 'started');
  const byTracker = start(context, 'download', file, '--tracker', tracker.url, '--out', join(folder, 'b'));
  assert.equal((await byTracker.end).code, 0);
  for (const out of ['a', 'b']) {
    assert.deepEqual(await fingerprint(join(folder, out, 'content')), await fingerprint(path));
  }
});

test('both sides may require encryption', async (context) => {
  const folder = await temporaryFolder(context);
  const { path, metainfo } = await makeTorrent(folder, 'content', { '': patternBytes(90_000, 5) }, 'v2');
  const seed = start(context, 'seed', path, '--profile', 'v2', '--encryption', 'require');
  const { port } = await seed.when(isEvent('listening'));
  const { infoHashV2 } = await seed.when(isEvent('seeding'));
  assert.equal(infoHashV2, toHex(metainfo.infoHashV2));
  const magnet = `magnet:?xt=urn:btmh:1220${toHex(metainfo.infoHashV2)}`;
  const peer = `127.0.0.1:${String(port)}`;
  const out = join(folder, 'out');
  const download = start(
    context,
    'download',
    magnet,
    '--peer',
    peer,
    '--out',
    out,
    '--encryption',
    'require',
  );
  assert.equal((await download.end).code, 0);
  assert.deepEqual(await fingerprint(join(out, 'content')), await fingerprint(path));
});

test('a link without a v2 infohash is refused as such, also where nobody was named', async (context) => {
  const { code, stderr } = await start(context, 'download', `magnet:?xt=urn:btih:${'ab'.repeat(20)}`).end;
  assert.equal(code, 1);
  assert.match(stderr, /SHA-1 is not trusted here, give one with "xt=urn:btmh:1220/);
});

test('wrong use ends with 2, and says what to write instead', async (context) => {
  const folder = await temporaryFolder(context);
  const magnet = `magnet:?xt=urn:btmh:1220${'ab'.repeat(32)}`;
  const uses: readonly (readonly [RegExp, readonly string[]])[] = [
    [/nobody to ask: give --peer HOST:PORT/, ['download', magnet, '--out', folder]],
    [
      /on this machine or in its network \(127\.0\.0\.1\).*give --local/,
      ['download', `${magnet}&x.pe=127.0.0.1:9&tr=http%3A%2F%2F10.0.0.1%2Fannounce`, '--out', folder],
    ],
    [/has no port: give HOST:PORT/, ['download', magnet, '--peer', '127.0.0.1', '--out', folder]],
    [/give "hybrid" or "v2"/, ['seed', folder, '--profile', 'v1']],
    [/2 --torrents for 1 path/, ['seed', folder, '--torrent', 'a', '--torrent', 'b']],
    [/missing required argument/, ['download']],
    [/Allowed choices are off, allow, prefer, require/, ['seed', folder, '--encryption', 'some']],
  ];
  const ends = await Promise.all(uses.map(([, args]) => start(context, ...args).end));
  for (const [at, { code, stderr }] of ends.entries()) {
    assert.match(stderr, uses[at]?.[0] as RegExp);
    assert.equal(code, 2, stderr);
  }
});

test('content that is not the torrent’s is not seeded: exit code 4', async (context) => {
  const folder = await temporaryFolder(context);
  const { path, torrent } = await makeTorrent(folder, 'content', { '': patternBytes(90_000, 1) }, 'hybrid');
  const file = join(folder, 'content.torrent');
  await writeFile(file, torrent);
  await writeFile(path, patternBytes(90_000, 2));
  const seed = start(context, 'seed', path, '--torrent', file);
  const { code, stderr } = await seed.end;
  assert.equal(code, 4);
  assert.match(stderr, /is not the content of the torrent/);
  assert.ok(!seed.lines.some(isEvent('seeding')));
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`a download that is interrupted by ${signal} ends with 130 and leaves nothing`, async (context) => {
    const folder = await temporaryFolder(context);
    const { torrent } = await makeTorrent(folder, 'content', awkwardTree(), 'hybrid');
    const file = join(folder, 'content.torrent');
    await writeFile(file, torrent);
    const out = join(folder, 'out');
    await mkdir(out);
    const download = start(context, 'download', file, '--peer', await silentPeer(context), '--out', out);
    await download.when((line) => line.event === 'progress' && line['phase'] === 'downloading');
    assert.notDeepEqual(await readdir(out), [], 'it had begun');
    download.child.kill(signal);
    const { code, stderr } = await download.end;
    assert.equal(code, 130);
    assert.match(stderr, /interrupted/);
    assert.deepEqual(await readdir(out), []);
    assert.ok(!download.lines.some(isEvent('done')));
  });
}

test('a download that is interrupted tells what it keeps; the same command goes on, and later finds it complete', async (context) => {
  const folder = await temporaryFolder(context);
  const { path, torrent, metainfo } = await makeTorrent(
    folder,
    'content',
    { '': patternBytes(4_000_000, 3) },
    'v2',
  );
  const file = join(folder, 'content.torrent');
  await writeFile(file, torrent);
  const seeder = new Engine({ uploadBytesPerSecond: 2_000_000 });
  context.after(() => seeder.close());
  const { host, port } = await seeder.listen();
  const swarm = await seeder.seed(metainfo, path);
  const out = join(folder, 'out');
  const args = ['download', file, '--peer', `${host}:${port}`, '--out', out];
  const first = start(context, ...args);
  await first.when((line) => line.event === 'progress' && (line['haveBytes'] as number) > 0);
  first.child.kill('SIGINT');
  assert.equal((await first.end).code, 130);
  const kept = first.lines.find(isEvent('kept')) as Line;
  assert.equal(kept['path'], join(out, `.bitquorum-${toHex(metainfo.infoHashV2)}`));
  assert.ok((kept['bytes'] as number) > 0);

  swarm.setLimits({ uploadBytesPerSecond: 0 });
  seeder.setLimits({ uploadBytesPerSecond: 0 });
  for (const alreadyThere of [false, true]) {
    const next = start(context, ...args);
    const { code, stderr } = await next.end;
    assert.equal(code, 0, stderr);
    const done = next.lines.at(-1) as Line;
    assert.equal(done['alreadyThere'], alreadyThere);
    assert.equal(done['resumedBytes'], alreadyThere ? 4_000_000 : kept['bytes']);
    if (alreadyThere) assert.match(stderr, /already complete, .* verified/);
  }
  assert.deepEqual(await readdir(out), ['content']);
});
