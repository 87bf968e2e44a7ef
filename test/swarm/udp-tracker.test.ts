// UDP trackers (BEP 15, 41): the codec, and the client with a small tracker, IPv4 and IPv6.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { brandBytes, toHex, truncateInfoHash } from '../../src/bytes/index.ts';
import type { Announcement } from '../../src/swarm/discovery/tracker-client.ts';
import { announceByUdp } from '../../src/swarm/discovery/udp-tracker-client.ts';
import { Engine, type SwarmError } from '../../src/swarm/index.ts';
import { parseMagnet } from '../../src/torrent/index.ts';
import { encodeUdpAnnounce, parseUdpAnswer } from '../../src/wire/index.ts';
import { needs, programOf } from '../support/needs.ts';
import { fingerprint, makeTorrent, patternBytes, temporaryFolder } from './content.ts';
import { CONNECTION, startUdpTracker, urlDataOf } from './udp-tracker-server.ts';

const announcement: Announcement = {
  infoHash: brandBytes('InfoHashV1', new Uint8Array(20).fill(7)),
  peerId: brandBytes('PeerId', new Uint8Array(20).fill(8)),
  port: 6881,
  uploadedBytes: 1,
  downloadedBytes: 2,
  leftBytes: 2 ** 40 + 5,
  event: 'started',
  key: 'ff00ff0011223344',
};
const signal = () => AbortSignal.timeout(10_000);

for (const host of ['127.0.0.1', '::1']) {
  test(`a seeder is found by a UDP tracker at ${host}`, async (context) => {
    const tracker = await startUdpTracker(context, { host, noise: true });
    const folder = await temporaryFolder(context);
    const made = await makeTorrent(folder, 'content', { '': patternBytes(300_000, 3) }, 'v2');
    const seeder = new Engine({ host });
    context.after(() => seeder.close());
    const { port } = await seeder.listen();
    await seeder.seed(made.torrent, made.path, { trackers: [tracker.url] });
    const leecher = new Engine();
    context.after(() => leecher.close());
    const magnet = `magnet:?xt=urn:btmh:1220${toHex(made.metainfo.infoHashV2)}`;
    const { path } = await leecher.download(parseMagnet(magnet), {
      folder: join(folder, 'out'),
      trackers: [tracker.url],
      signal: signal(),
    });
    assert.deepEqual(await fingerprint(path), await fingerprint(made.path));
    const told = tracker.told.find((one) => one.port === port);
    assert.equal(told?.infoHashHex, toHex(truncateInfoHash(made.metainfo.infoHashV2)));
    assert.equal(told.leftBytes, 0n);
    assert.equal(told.event, 2);
    assert.ok(tracker.url.endsWith(told.urlData) && told.urlData.startsWith('/announce?secret='));
    await seeder.close();
    assert.equal(tracker.told.findLast((one) => one.port === port)?.event, 3, 'it said goodbye');
  });
}

test('lost packets are sent again, with a key and numbers of 64 bits', async (context) => {
  const tracker = await startUdpTracker(context, { deafTo: 1 });
  const startedMs = performance.now();
  const answer = await announceByUdp(new URL(tracker.url), announcement, {
    reach: 'named',
    signal: signal(),
    firstWaitMs: 60,
  });
  assert.ok(performance.now() - startedMs >= 55, 'after 60 ms');
  const response = { intervalSeconds: 1800, incomplete: 0, complete: 1, peers: [] };
  assert.deepEqual(answer, [{ host: '127.0.0.1', response }]);
  assert.equal(tracker.connects(), 1);
  assert.equal(tracker.told[0]?.leftBytes, 2n ** 40n + 5n);
  assert.equal(tracker.told[0].key, 0xff00ff00);
});

test('a tracker with addresses of both families is asked at each, and not waited for where it is silent', {
  skip: needs('namespaces'),
}, async (context) => {
  const folder = await temporaryFolder(context);
  const hosts = join(folder, 'hosts');
  await writeFile(hosts, '127.0.0.1 two-families.test\n::1 two-families.test\n');
  const script = fileURLToPath(new URL('./two-families.process.ts', import.meta.url));
  const command = ['sh', '-ec', 'mount --bind "$0" /etc/hosts; exec "$@"', hosts, process.execPath, script];
  const arguments_ = ['--user', '--map-root-user', '--mount', ...command];
  const { stdout } = await promisify(execFile)(programOf('namespaces'), arguments_, { timeout: 30_000 });
  assert.deepEqual(JSON.parse(stdout), {
    both: ['127.0.0.1', '::1'],
    toldOnce: true,
    onlyOne: ['127.0.0.1'],
    oneSilent: ['127.0.0.1'],
    wasQuick: true,
    byHttp: {
      told: [
        ['127.0.0.1', '127.0.0.1'],
        ['::1', '::1'],
      ],
      peers: ['127.0.0.1', '::1'],
    },
  });
});

test('a tracker that never answers is given up, one that refuses says why, and an abort ends the wait', async (context) => {
  const silent = await startUdpTracker(context, { silent: true });
  const ask = (url: string, options: object): Promise<unknown> =>
    announceByUdp(new URL(url), announcement, {
      reach: 'named',
      signal: signal(),
      firstWaitMs: 20,
      ...options,
    });
  await assert.rejects(ask(silent.url, {}), /no answer to 2 packets/);
  const stop = new AbortController();
  const waiting = ask(silent.url, { signal: stop.signal, firstWaitMs: 60_000 });
  setTimeout(() => stop.abort(new Error('enough')), 50);
  await assert.rejects(waiting, /enough/);
  const refusing = await startUdpTracker(context, { refusal: 'not <you>' });
  await assert.rejects(ask(refusing.url, {}), /the tracker refused: "not <you>"/);
  await assert.rejects(ask('udp://127.0.0.1/announce', {}), /its URL has no port/);
});

test('a UDP tracker that is not there is a trouble that names it without its path', async (context) => {
  const folder = await temporaryFolder(context);
  const { torrent, path } = await makeTorrent(folder, 'content', { '': patternBytes(9000, 3) }, 'v2');
  const engine = new Engine();
  context.after(() => engine.close());
  const trouble = new Promise<SwarmError>((onTrouble) => {
    void engine.seed(torrent, path, { trackers: ['udp://127.0.0.1:1/announce/secret'], onTrouble });
  });
  const { code, message } = await trouble;
  assert.equal(code, 'tracker');
  assert.match(message, /^tracker 127\.0\.0\.1:1: /);
  assert.ok(!message.includes('secret'));
});

test('any packet is read or refused by a WireError', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.nat({ max: 4 }),
      fc.constantFrom(4, 6),
      (tail, action, family) => {
        try {
          const answer = parseUdpAnswer(Uint8Array.of(0, 0, 0, action, ...tail), family);
          if (answer.action === 'announce') assert.ok(answer.response.peers.every(({ port }) => port > 0));
        } catch (error) {
          assert.equal((error as { code: string }).code, 'bad-tracker-response');
        }
      },
    ),
  );
});

test('an announce has the 98 bytes of BEP 15 and the URL in parts of 255', () => {
  const parts = {
    ...announcement,
    connectionId: CONNECTION,
    transactionId: 0xdeadbeef,
    key: 1,
    numWant: null,
  };
  assert.equal(
    toHex(encodeUdpAnnounce({ ...parts, urlData: '' })),
    `c0ffee001122334400000001deadbeef${'07'.repeat(20)}${'08'.repeat(20)}` +
      '0000000000000002' +
      '0000010000000005' +
      '0000000000000001' +
      '00000002' +
      '00000000' +
      '00000001' +
      'ffffffff' +
      '1ae1',
  );
  const options = Buffer.from(encodeUdpAnnounce({ ...parts, urlData: 'a'.repeat(300) }).subarray(98));
  assert.deepEqual([...options.subarray(0, 2)], [2, 255]);
  assert.deepEqual([...options.subarray(257, 259)], [2, 45]);
  assert.equal(urlDataOf(options), 'a'.repeat(300));
});
