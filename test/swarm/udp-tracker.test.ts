// UDP trackers (BEP 15, 41): the codec, and the client with a small tracker, IPv4 and IPv6.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { brandBytes, toHex, truncateInfoHash } from '../../src/bytes/index.ts';
import type { Announcement } from '../../src/swarm/discovery/tracker-client.ts';
import { announceByUdp } from '../../src/swarm/discovery/udp-tracker-client.ts';
import { Engine, type SwarmError } from '../../src/swarm/index.ts';
import { parseMagnet } from '../../src/torrent/index.ts';
import { encodeUdpAnnounce, parseUdpAnswer } from '../../src/wire/index.ts';
import { fingerprint, makeTorrent, patternBytes, temporaryFolder } from './content.ts';

const CONNECTION = Buffer.from('c0ffee0011223344', 'hex');

interface Told {
  readonly infoHashHex: string;
  readonly leftBytes: bigint;
  readonly event: number;
  readonly key: number;
  readonly port: number;
  readonly urlData: string;
}

/** A tracker whose swarms hold whoever announced; it passes over its first packets if told so, or sends noise before. */
async function startUdpTracker(
  context: TestContext,
  options: { host?: string; deafTo?: number; noise?: boolean; refusal?: string; silent?: boolean } = {},
) {
  const host = options.host ?? '127.0.0.1';
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  const told: Told[] = [];
  let connects = 0;
  let deafTo = options.deafTo ?? 0;
  const swarms = new Map<string, Map<number, Buffer>>();
  socket.on('message', (packet, from) => {
    if (options.silent || deafTo > 0) {
      deafTo -= 1;
      return;
    }
    const reply = (...parts: Buffer[]): void => socket.send(Buffer.concat(parts), from.port, from.address);
    const transaction = packet.subarray(12, 16);
    if (options.noise) {
      reply(Buffer.from('no packet'));
      reply(Buffer.from([0, 0, 0, 0]), Buffer.alloc(4, 0xee), CONNECTION); // of another transaction
      reply(Buffer.from([0, 0, 0, 9]), transaction, CONNECTION);
    }
    if (packet.readUInt32BE(8) === 0) {
      connects += 1;
      reply(Buffer.from([0, 0, 0, 0]), transaction, CONNECTION);
      return;
    }
    if (options.refusal !== undefined || !packet.subarray(0, 8).equals(CONNECTION)) {
      reply(Buffer.from([0, 0, 0, 3]), transaction, Buffer.from(options.refusal ?? 'wrong connection id'));
      return;
    }
    const port = packet.readUInt16BE(96);
    const infoHashHex = packet.toString('hex', 16, 36);
    told.push({
      infoHashHex,
      leftBytes: packet.readBigUInt64BE(64),
      event: packet.readUInt32BE(80),
      key: packet.readUInt32BE(88),
      port,
      urlData: urlDataOf(packet.subarray(98)),
    });
    const swarm = swarms.get(infoHashHex) ?? new Map<number, Buffer>();
    swarms.set(infoHashHex, swarm);
    const others = [...swarm].filter(([other]) => other !== port).map(([, peer]) => peer);
    const address = host.includes(':')
      ? Buffer.from('00000000000000000000000000000001', 'hex')
      : Buffer.of(127, 0, 0, 1);
    swarm.set(port, Buffer.concat([address, packet.subarray(96, 98)]));
    const counts = Buffer.from('000007080000000000000001', 'hex');
    reply(Buffer.from([0, 0, 0, 1]), transaction, counts, ...others);
  });
  socket.bind(0, host);
  await once(socket, 'listening');
  context.after(() => socket.close());
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    url: `udp://${name}:${socket.address().port}/announce?secret=${'x'.repeat(300)}`,
    told,
    connects: () => connects,
  };
}

function urlDataOf(options: Buffer): string {
  let text = '';
  for (let at = 0; at + 2 <= options.length && options[at] === 2; ) {
    const end = at + 2 + (options[at + 1] as number);
    text += options.toString('utf8', at + 2, end);
    at = end;
  }
  return text;
}

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
