import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decode } from '../../src/bencode/index.ts';
import { brandBytes, toHex, toUtf8 } from '../../src/bytes/index.ts';
import {
  type AnnounceRequest,
  addressBytes,
  encodeAnnounceResponse,
  encodeCompactPeers,
  encodeScrapeResponse,
  encodeTrackerFailure,
  formatAnnounceUrl,
  formatPeerAddress,
  formatScrapeUrl,
  parseAnnounceQuery,
  parseAnnounceResponse,
  parseCompactPeers,
  parsePeerAddress,
  parseScrapeQuery,
  parseScrapeResponse,
  WireError,
} from '../../src/wire/index.ts';

const bytes20 = () => fc.uint8Array({ minLength: 20, maxLength: 20 });
const bytesNumber = () => fc.nat({ max: Number.MAX_SAFE_INTEGER });
const queryOf = (url: string) => url.slice(url.indexOf('?') + 1);

const anyRequest = (): fc.Arbitrary<AnnounceRequest> =>
  fc.record(
    {
      infoHash: bytes20(),
      peerId: bytes20().map((bytes) => brandBytes('PeerId', bytes)),
      port: fc.integer({ min: 1, max: 65_535 }),
      uploadedBytes: bytesNumber(),
      downloadedBytes: bytesNumber(),
      leftBytes: bytesNumber(),
      event: fc.constantFrom('started', 'stopped', 'completed', 'paused', null),
      numWant: fc.option(fc.nat({ max: 1000 })),
      compact: fc.boolean(),
      noPeerId: fc.boolean(),
      key: fc.string({ maxLength: 64, unit: 'binary-ascii' }),
      trackerId: fc.string({ maxLength: 64 }),
    },
    { noNullPrototype: true },
  );

test('an announce comes back as it was asked, whatever bytes the infohash has', () => {
  fc.assert(
    fc.property(anyRequest(), (request) => {
      const url = formatAnnounceUrl('http://127.0.0.1/announce', request);
      assert.ok(URL.canParse(url));
      assert.deepEqual(parseAnnounceQuery(queryOf(url)), request);
    }),
  );
});

test('an announce URL keeps the query it has', () => {
  const request = {
    infoHash: new Uint8Array(20),
    peerId: brandBytes('PeerId', new Uint8Array(20)),
    port: 1,
    uploadedBytes: 0,
    downloadedBytes: 0,
    leftBytes: 0,
    event: null,
    numWant: null,
    compact: true,
    noPeerId: false,
    key: '',
    trackerId: '',
  } as const;
  assert.match(formatAnnounceUrl('http://t/announce?pass=1', request), /announce\?pass=1&info_hash=%00/);
});

test('queries that are wrong are refused with a reason that repeats none of their values', () => {
  const good = `info_hash=${'%01'.repeat(20)}&peer_id=${'a'.repeat(20)}&port=6881&left=0`;
  assert.equal(parseAnnounceQuery(good).port, 6881);
  assert.equal(parseAnnounceQuery(`${good}&numwant=-1`).numWant, null);
  assert.equal(parseAnnounceQuery(`${good}&compact=0`).compact, false);
  for (const query of [
    '',
    good.replace('%01', '%0'),
    good.replace('%01', '%zz'),
    good.replace('%01', ''),
    good.replace('6881', '0'),
    good.replace('6881', '65536'),
    good.replace('6881', '1e3'),
    good.replace('&left=0', ''),
    good.replace('left=0', 'left=-1'),
    `${good}&event=%3Cscript%3E`,
    `${good}&port=7`,
    `${good}&x=${'y'.repeat(9000)}`,
    `${good}${'&a=1'.repeat(200)}`,
  ]) {
    assert.throws(
      () => parseAnnounceQuery(query),
      (error) => error instanceof WireError && error.code === 'bad-announce' && !/[<%]/.test(error.message),
    );
  }
});

test('any query is read or refused by a WireError', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), (query) => {
      for (const parse of [parseAnnounceQuery, parseScrapeQuery]) {
        try {
          parse(query);
        } catch (error) {
          assert.ok(error instanceof WireError, String(error));
        }
      }
    }),
    { numRuns: 1000 },
  );
});

const someAddress = () =>
  fc.record({
    host: fc.oneof(fc.ipV4(), fc.ipV6()),
    port: fc.integer({ min: 1, max: 65_535 }),
  });

test('compact peers keep address and port of both families, and their text is in RFC 5952 form', () => {
  fc.assert(
    fc.property(fc.array(someAddress(), { maxLength: 20 }), (peers) => {
      const { v4, v6 } = encodeCompactPeers(peers);
      const back = [...parseCompactPeers(v4, 4), ...parseCompactPeers(v6, 6)];
      const bytes = ({ host, port }: { host: string; port: number }) =>
        `${addressBytes(host)?.join('.')} ${port}`;
      const sorted = [...peers].sort(
        (left, right) => Number(left.host.includes(':')) - Number(right.host.includes(':')),
      );
      assert.deepEqual(
        back.map((peer) => bytes(peer)),
        sorted.map((peer) => bytes(peer)),
      );
      for (const peer of back) {
        const isV6 = peer.host.includes(':');
        if (isV6 && !peer.host.startsWith('::ffff:')) {
          assert.equal(`[${peer.host}]`, new URL(`http://[${peer.host}]/`).hostname);
        }
        assert.deepEqual(parsePeerAddress(formatPeerAddress(peer)), peer);
      }
    }),
  );
  assert.throws(() => parseCompactPeers(new Uint8Array(7), 4), { code: 'bad-compact-peers' });
  assert.deepEqual(parseCompactPeers(new Uint8Array(6), 4), []);
});

test('what is no HOST:PORT is refused', () => {
  for (const text of [
    '',
    'host',
    'host:',
    'host:0',
    'host:65536',
    '::1:80',
    '[::1]',
    '[1.2.3.4]:5',
    'a b:1',
    '[::g]:1',
  ]) {
    assert.equal(parsePeerAddress(text), undefined, text);
  }
  assert.deepEqual(parsePeerAddress('seed.example:6881'), { host: 'seed.example', port: 6881 });
});

test('an answer comes back, packed or as a list', () => {
  const peers = [
    { host: '127.0.3.1', port: 6881 },
    { host: '::1', port: 51_413 },
  ];
  const response = {
    intervalSeconds: 1800,
    minIntervalSeconds: 60,
    complete: 3,
    incomplete: 4,
    peers,
    warning: 'soon',
    trackerId: 'x',
  };
  for (const form of ['compact', 'list-without-ids'] as const) {
    assert.deepEqual(parseAnnounceResponse(encodeAnnounceResponse(response, form)), response);
  }
  const named = [{ ...(peers[0] as (typeof peers)[0]), peerId: toUtf8('-BQ0100-aaaaaaaaaaaa') }];
  assert.deepEqual(
    parseAnnounceResponse(encodeAnnounceResponse({ ...response, peers: named }, 'list')).peers,
    named,
  );
});

test('a failure reason and answers that are none are refused', () => {
  assert.throws(() => parseAnnounceResponse(encodeTrackerFailure('go away\u001b[2J')), {
    code: 'bad-tracker-response',
    message: /refused: "go away\\u001b\[2J"/,
  });
  for (const text of ['', '<html>', 'd5:peers7:aaaaaaae', 'i1e']) {
    assert.throws(() => parseAnnounceResponse(toUtf8(text)), { name: 'WireError' });
  }
  assert.deepEqual(
    parseAnnounceResponse(toUtf8('d8:intervali9e5:peersld2:ip9:localhost4:porti1eeee')).peers,
    [],
  );
});

test('scrapes go both ways, an infohash named twice once', () => {
  const [one, two] = [new Uint8Array(20).fill(0xf1), new Uint8Array(20).fill(2)] as const;
  const url = formatScrapeUrl('http://t/a/announce?x=1', [one, two]);
  assert.match(url ?? '', /^http:\/\/t\/a\/scrape\?x=1&info_hash=%f1/);
  assert.deepEqual(parseScrapeQuery(queryOf(url as string)), [one, two]);
  assert.equal(formatScrapeUrl('http://t/tracker', [one]), undefined);
  const counts = { complete: 5, incomplete: 6, downloaded: 7 };
  const body = encodeScrapeResponse([
    [two, counts],
    [one, counts],
    [two.slice(), counts],
  ]);
  assert.equal([...(decode(body).get('files')?.entries() ?? [])].length, 2);
  assert.deepEqual(parseScrapeResponse(body).get(toHex(one)), counts);
});
