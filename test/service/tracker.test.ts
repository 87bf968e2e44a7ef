import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { brandBytes, toHex, toUtf8 } from '../../src/bytes/index.ts';
import { SERVICE_LIMITS } from '../../src/service/limits.ts';
import {
  type AnnounceRequest,
  type AnnounceResponse,
  formatAnnounceUrl,
  formatScrapeUrl,
  parseAnnounceResponse,
  parseScrapeResponse,
} from '../../src/wire/index.ts';
import { type RawAnswer, rawGet, sendRaw } from './raw-http.ts';
import { builderEntry, makeCast, post, runTally } from './tally-fixture.ts';

const HASH = new Uint8Array(20).fill(0xc3);

function requestOf(change: Partial<AnnounceRequest> = {}): AnnounceRequest {
  return {
    infoHash: HASH,
    peerId: brandBytes('PeerId', toUtf8('-BQ0001-abcdefghijkl')),
    port: 6881,
    uploadedBytes: 0,
    downloadedBytes: 0,
    leftBytes: 0,
    event: 'started',
    numWant: null,
    compact: true,
    noPeerId: false,
    key: '',
    trackerId: '',
    ...change,
  };
}

async function announceFrom(
  tally: { url: string },
  localAddress: string,
  change: Partial<AnnounceRequest> & { path?: string; more?: string; headers?: string[] } = {},
): Promise<AnnounceResponse> {
  const { path = '/announce', more = '', headers = [], ...request } = change;
  const target = `${formatAnnounceUrl(path, requestOf(request))}${more}`;
  const answer = await sendRaw(tally, rawGet(target, ['Host: 127.0.0.1', ...headers]), { localAddress });
  assert.equal(answer.status, 200);
  return parseAnnounceResponse(answer.body);
}

async function failureOf(answer: Promise<unknown>): Promise<string> {
  try {
    await answer;
  } catch (error) {
    return (error as Error).message;
  }
  throw new assert.AssertionError({ message: 'the tracker did not refuse' });
}

test('peers find each other, packed and listed, at the addresses they really have', async (t) => {
  const tally = await runTally(t, makeCast());
  await announceFrom(tally, '127.0.1.1', { port: 1001 });
  await announceFrom(tally, '127.0.2.1', { port: 1002, leftBytes: 10 });
  const packed = await announceFrom(tally, '127.0.3.1', { port: 1003, leftBytes: 10 });
  assert.deepEqual(packed.peers.map(({ host, port }) => `${host}:${port}`).sort(), [
    '127.0.1.1:1001',
    '127.0.2.1:1002',
  ]);
  assert.deepEqual([packed.complete, packed.incomplete], [1, 2]);
  assert.equal(packed.intervalSeconds, SERVICE_LIMITS.tracker.intervalSeconds);
  const listed = await announceFrom(tally, '127.0.3.1', { port: 1003, leftBytes: 10, compact: false });
  assert.deepEqual(
    listed.peers.map(({ peerId }) => peerId && Buffer.from(peerId).toString()),
    ['-BQ0001-abcdefghijkl', '-BQ0001-abcdefghijkl'],
  );
  const short = await announceFrom(tally, '127.0.3.1', { port: 1003, leftBytes: 10, numWant: 1 });
  assert.equal(short.peers.length, 1);
  const scrape = formatScrapeUrl('/announce', [HASH, new Uint8Array(20)]) ?? '';
  const scraped = parseScrapeResponse((await sendRaw(tally, rawGet(scrape))).body);
  assert.deepEqual(scraped.get(toHex(HASH)), { complete: 1, incomplete: 2, downloaded: 0 });
  await announceFrom(tally, '127.0.1.1', { port: 1001, event: 'stopped' });
  const after = parseScrapeResponse((await sendRaw(tally, rawGet(scrape))).body);
  assert.equal(after.get(toHex(HASH))?.complete, 0);
});

test('ip= and X-Forwarded-For make nobody appear elsewhere; a trusted proxy names its client last', async (t) => {
  const forged = { more: '&ip=203.0.113.5&ipv4=203.0.113.6&ipv6=%5B2001:db8::1%5D:9', port: 1001 };
  const headers = [
    'X-Forwarded-For: 198.51.100.1, 198.51.100.2',
    'Forwarded: for=198.51.100.3',
    'X-Real-IP: 198.51.100.4',
  ];
  const open = await runTally(t, makeCast());
  await announceFrom(open, '127.0.1.1', { ...forged, headers });
  const seen = await announceFrom(open, '127.0.2.1', { leftBytes: 1 });
  assert.deepEqual(
    seen.peers.map(({ host }) => host),
    ['127.0.1.1'],
  );

  const proxied = await runTally(t, makeCast(), { trustedProxies: ['127.0.8.8'] });
  await announceFrom(proxied, '127.0.8.8', { ...forged, headers });
  await announceFrom(proxied, '127.0.1.1', { ...forged, port: 1002, headers });
  const both = await announceFrom(proxied, '127.0.2.1', { leftBytes: 1 });
  assert.deepEqual(both.peers.map(({ host, port }) => `${host}:${port}`).sort(), [
    '127.0.1.1:1002',
    '198.51.100.2:1001',
  ]);
  const nonsense = ['X-Forwarded-For: 198.51.100.1, evil"><script>'];
  assert.match(await failureOf(announceFrom(proxied, '127.0.8.8', { headers: nonsense })), /X-Forwarded-For/);
});

test('what is no announce is refused as trackers refuse, without repeating what it said', async (t) => {
  const tally = await runTally(t, makeCast());
  const refuse = async (query: string): Promise<RawAnswer> => sendRaw(tally, rawGet(`/announce${query}`));
  const good = formatAnnounceUrl('', requestOf());
  for (const query of [
    '',
    '?',
    '?info_hash=%zz',
    good.replace('port=6881', 'port=0'),
    good.replace('port=6881', 'port=70000'),
    good.replace('left=0', 'left=-1'),
    good.replace(/peer_id=[^&]*/, 'peer_id=%3Cscript%3Ealert(1)%3C/script%3E'),
    `${good}&info_hash=${'a'.repeat(20)}`,
    `?${'a=b&'.repeat(500)}`,
  ]) {
    const answer = await refuse(query);
    assert.equal(answer.status, 200, query);
    assert.match(answer.body.toString('latin1'), /^d14:failure reason\d+:[^<>]+e$/, query);
    assert.match(answer.head, /content-type: text\/plain/i);
    assert.match(answer.head, /x-content-type-options: nosniff/i);
  }
});

test('names that are scripts stay bytes: peer ids, keys and client names never become a page', async (t) => {
  const tally = await runTally(t, makeCast());
  const peerId = brandBytes('PeerId', toUtf8('<script>alert(1)</sc'));
  await announceFrom(tally, '127.0.1.1', { peerId, key: '<img src=x onerror=alert(1)>' });
  const request = requestOf({ compact: false, leftBytes: 1, port: 2 });
  const answer = await sendRaw(
    tally,
    rawGet(formatAnnounceUrl('/announce', request), [
      'Host: 127.0.0.1',
      'User-Agent: <script>alert(2)</script>',
    ]),
    { localAddress: '127.0.2.1' },
  );
  assert.match(answer.head, /content-type: text\/plain/i);
  assert.match(answer.head, /x-content-type-options: nosniff/i);
  assert.match(answer.head, /content-security-policy: [^\r]*default-src 'none'/i);
  assert.match(answer.body.toString('latin1'), /7:peer id20:<script>alert\(1\)<\/sc/);
});

test("a builder's own announce URL is known by its digest; others are refused, and logs hold no token", async (t) => {
  const lines: string[] = [];
  const logger = pino({ level: 'trace' }, { write: (line: string) => lines.push(line) });
  const cast = makeCast();
  const tally = await runTally(t, cast, { logger });
  const [founder] = cast.founders as [(typeof cast.founders)[0]];
  const token = founder.announceToken(tally.origin);
  const path = `/announce/${token}`;
  assert.match(await failureOf(announceFrom(tally, '127.0.1.1', { path })), /no builder/);
  await post(tally, builderEntry(founder, tally.origin));
  assert.equal((await announceFrom(tally, '127.0.1.1', { path })).complete, 1);
  const wrong = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`;
  for (const other of [`/announce/${wrong}`, '/announce/x', `/announce/${'%3C'.repeat(43)}`]) {
    assert.match(await failureOf(announceFrom(tally, '127.0.1.1', { path: other })), /no builder/);
  }
  await sendRaw(tally, rawGet(`/announce/${token}/more`));
  await sendRaw(tally, rawGet(`//announce//${token}?x=${token}`));
  await sendRaw(tally, rawGet(`/x?${token}`));
  assert.ok(lines.some((line) => line.includes('/announce/<token>')));
  assert.doesNotMatch(lines.join(''), new RegExp(token));
  assert.doesNotMatch(lines.join(''), /BQ0001/);
});

test('a flood of announces stays within its caps and its rate', async (t) => {
  const limits = {
    tracker: { ...SERVICE_LIMITS.tracker, strangeSwarmsPerAddress: 10, peersPerAddressAndSwarm: 3 },
    rates: { ...SERVICE_LIMITS.rates, announce: { burst: 60, perSecond: 0.1 } },
  };
  const tally = await runTally(t, makeCast(), { limits });
  const hash = (at: number): Uint8Array => Uint8Array.from({ length: 20 }, () => at);
  let warned = 0;
  for (let at = 1; at <= 30; at += 1) {
    const { warning } = await announceFrom(tally, '127.0.1.1', { infoHash: hash(at) });
    if (warning?.includes('too many infohashes')) warned += 1;
  }
  assert.equal(warned, 20);
  for (let port = 1; port <= 30; port += 1)
    await announceFrom(tally, '127.0.1.1', { port, infoHash: hash(1) });
  assert.match(await failureOf(announceFrom(tally, '127.0.1.1')), /too often/);
  const { complete } = await announceFrom(tally, '127.0.2.1', { infoHash: hash(1), leftBytes: 1 });
  assert.equal(complete, 3);
});
