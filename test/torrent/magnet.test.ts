import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, toHex } from '../../src/bytes/index.ts';
import { formatMagnet, parseMagnet } from '../../src/torrent/browser.ts';

const V1 = '0123456789abcdef0123456789abcdef01234567';
const V2 = '0123456789abcdef'.repeat(4);
/** {@link V1} in base32 (RFC 4648). */
const V1_BASE32 = 'AERUKZ4JVPG66AJDIVTYTK6N54ASGRLH';

test('both infohashes are read, in every form that is in use', () => {
  for (const [topics, v1, v2] of [
    [`xt=urn:btmh:1220${V2}`, undefined, V2],
    [`xt=urn:btih:${V1}`, V1, undefined],
    [`xt=urn:btih:${V1.toUpperCase()}`, V1, undefined],
    [`xt=urn:btih:${V1_BASE32}`, V1, undefined],
    [`xt=urn:btih:${V1_BASE32.toLowerCase()}`, V1, undefined],
    [`xt=urn:btih:${V1}&xt=urn:btmh:1220${V2}`, V1, V2],
    [`xt.1=urn:btmh:1220${V2}&xt.2=urn:btih:${V1}`, V1, V2],
    [`xt=urn:sha1:ABCDEF&xt=urn:btmh:1220${V2}`, undefined, V2],
    [`xt=urn:btih:${V1}&xt=urn:btih:${V1_BASE32}`, V1, undefined],
  ] as const) {
    const magnet = parseMagnet(`magnet:?${topics}`);
    assert.equal(magnet.infoHashV1 && toHex(magnet.infoHashV1), v1, topics);
    assert.equal(magnet.infoHashV2 && toHex(magnet.infoHashV2), v2, topics);
  }
});

test('all that we write is read back', () => {
  const magnet = {
    infoHashV2: parseMagnet(`magnet:?xt=urn:btmh:1220${V2}`).infoHashV2,
    infoHashV1: parseMagnet(`magnet:?xt=urn:btih:${V1}`).infoHashV1,
    name: 'gzip 1.13-1+deb13u1 & über=100%?#',
    sizeBytes: 0,
    trackers: ['http://tally.example/announce/a%20b?x=1&y=2', 'udp://[2001:db8::1]:6969'],
    webSeeds: ['https://seed.example/f/'],
    peers: [
      { host: '127.0.0.1', port: 6881 },
      { host: '2001:db8::2', port: 1 },
      { host: 'seed.example', port: 65_535 },
    ],
  };
  assert.deepEqual(parseMagnet(formatMagnet(magnet as Parameters<typeof formatMagnet>[0])), magnet);
  assert.equal(
    formatMagnet({ infoHashV1: fromHex(V1) as never, infoHashV2: fromHex(V2) as never, name: 'a b' }),
    `magnet:?xt=urn:btih:${V1}&xt=urn:btmh:1220${V2}&dn=a%20b`,
  );
  assert.throws(() => formatMagnet({ name: 'x' }), { code: 'bad-magnet' });
});

test('what is unknown or unusable is left out', () => {
  const magnet = parseMagnet(
    `magnet:?xt=urn:btih:${V1}&dn=a+b%ff&kt=x&so=0-2&tr=file%3A%2F%2F%2Fetc&tr=nonsense&tr=&ws=ftp%3A%2F%2Fx%2F` +
      '&xl=many&x.pe=host&x.pe=host:0&x.pe=host:65536&x.pe=:1&x.pe=%5B::1%5D:80&=&&x#fragment',
  );
  assert.deepEqual(
    { ...magnet, infoHashV1: undefined },
    {
      infoHashV1: undefined,
      name: 'a b\uFFFD',
      trackers: [],
      webSeeds: [],
      peers: [{ host: '::1', port: 80 }],
    },
  );
});

test('links without a good infohash are refused by name', () => {
  const short = V2.slice(2);
  for (const [link, code] of [
    ['', 'bad-magnet'],
    ['http://example.com/', 'bad-magnet'],
    ['magnet:', 'bad-magnet'],
    ['magnet:?', 'bad-magnet'],
    ['magnet:?dn=x', 'bad-magnet'],
    ['magnet:?xt=urn:sha1:ABC', 'bad-magnet'],
    [`magnet:?xt=urn:btih:${V1}&dn=${'x'.repeat(70_000)}`, 'bad-magnet'],
    ['magnet:?xt=urn:btih:', 'bad-info-hash'],
    [`magnet:?xt=urn:btih:${V1}0`, 'bad-info-hash'],
    [`magnet:?xt=urn:btih:${V1.slice(1)}g`, 'bad-info-hash'],
    [`magnet:?xt=urn:btih:${V1_BASE32.slice(1)}1`, 'bad-info-hash'],
    [`magnet:?xt=urn:btmh:${V2}`, 'bad-info-hash'],
    [`magnet:?xt=urn:btmh:1114${V1}`, 'bad-info-hash'],
    [`magnet:?xt=urn:btmh:1220${short}`, 'bad-info-hash'],
    [`magnet:?xt=urn:btih:${V1}&xt=urn:btih:${V1.replace('0', '1')}`, 'bad-info-hash'],
    [`magnet:?xt=urn:btmh:1220${V2}&xt=urn:btmh:1220${V2.replace('0', '1')}`, 'bad-info-hash'],
  ] as const) {
    assert.throws(() => parseMagnet(link), { name: 'TorrentError', code }, link.slice(0, 100));
  }
});
