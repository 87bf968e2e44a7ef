// C2SP tlog-tiles, held against the text of the specification.
import assert from 'node:assert/strict';
import { type IncomingMessage, request } from 'node:http';
import { after, before, suite, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { parseEntryBundle } from '../../src/log/index.ts';
import { GzipCache } from '../../src/service/http/gzip-cache.ts';
import type { RunningTally } from '../../src/service/index.ts';
import { SERVICE_LIMITS } from '../../src/service/limits.ts';
import { generateKey } from '../../src/statement/index.ts';
import { sendRaw } from './raw-http.ts';
import { builderEntry, makeCast, post, runTally } from './tally-fixture.ts';

const ENTRIES = 300;
const WAVE = 60;
/** Partial bundles that are compressed for an address at once. */
const PACKED = 60;

suite('tiles', () => {
  let tally: RunningTally;
  const url = (path: string): string => `${tally.url}/${path}`;
  const get = async (path: string, headers: Record<string, string> = {}) => {
    const response = await fetch(url(path), { headers });
    return { response, body: Buffer.from(await response.arrayBuffer()) };
  };
  const hooks: (() => Promise<void>)[] = [];
  after(async () => {
    for (const hook of hooks.toReversed()) await hook();
  });
  before(async () => {
    const days = {
      entriesPerStanding: 9999,
      entriesPerKey: 9,
      entriesPerPrefix: 9999,
      newBuildersPerPrefix: 999,
      entriesInAll: 9999,
    };
    const rates = {
      ...SERVICE_LIMITS.rates,
      entry: { burst: 1000, perSecond: 10 },
      compress: { burst: PACKED, perSecond: 0.1 },
    };
    const limits = { ...SERVICE_LIMITS, days, rates };
    tally = await runTally({ after: (hook) => void hooks.push(hook) }, makeCast(), { limits });
    for (let at = 0; at < ENTRIES; at += WAVE) {
      const keys = Array.from({ length: WAVE }, (_, offset) => generateKey(`builder-${at + offset}`));
      await Promise.all(keys.map((key) => post(tally, builderEntry(key, tally.origin))));
    }
    const last = await post(tally, builderEntry(generateKey('last'), tally.origin), '?wait=inclusion');
    assert.ok('checkpoint' in last.body);
  });

  test('the checkpoint is text, and kept by no cache', async () => {
    const { response } = await get('checkpoint');
    assert.equal(response.headers.get('content-type'), 'text/plain; charset=utf-8');
    assert.equal(response.headers.get('cache-control'), 'no-cache');
  });

  test('tiles are octets that never change: 8,192 bytes in full, 32 a hash where they are partial', async () => {
    for (const [path, bytes] of [
      ['tile/0/000', 8192],
      ['tile/0/000.p/255', 255 * 32],
      ['tile/0/001.p/44', 44 * 32],
      ['tile/1/000.p/1', 32],
    ] as const) {
      const { response, body } = await get(path);
      assert.equal(response.status, 200, path);
      assert.equal(body.length, bytes, path);
      assert.equal(response.headers.get('content-type'), 'application/octet-stream');
      assert.equal(response.headers.get('cache-control'), 'public, max-age=31536000, immutable');
    }
  });

  test('what is not there, and no tile at all, are told apart, and no cache keeps either', async () => {
    for (const path of [
      'tile/0/001',
      'tile/0/002.p/1',
      'tile/1/000',
      'tile/2/000.p/1',
      'tile/entries/001',
      'tile/63/000',
    ]) {
      const { response, body } = await get(path);
      assert.equal(response.status, 404, path);
      assert.equal(response.headers.get('cache-control'), 'no-store');
      assert.equal((JSON.parse(body.toString()) as { code: string }).code, 'not-found');
    }
    for (const path of [
      'tile/64/000',
      'tile/00/000',
      'tile/-1/000',
      'tile/0/0',
      'tile/0/x000/000',
      'tile/0/1000',
      'tile/0/000.p/0',
      'tile/0/000.p/256',
      'tile/0/000.p/01',
      'tile/0/000.p/',
      'tile/data/000',
      'tile/entries/000/',
      'tile/0/%30%30%30',
      `tile/0/${'x999/'.repeat(5)}999`,
      `tile/0/${'x999/'.repeat(500)}999`,
    ]) {
      assert.equal((await get(path)).response.status, 400, path);
    }
    const climbing = 'GET /tile/../checkpoint HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
    assert.equal((await sendRaw(tally, climbing)).status, 400);
  });

  test('entry bundles go out in gzip to whoever takes it, and as they are to whoever does not', async () => {
    for (const [path, width] of [
      ['tile/entries/000', 256],
      ['tile/entries/001.p/44', 44],
    ] as const) {
      const plain = await rawBody(path, 'identity');
      assert.equal(plain.encoding, undefined);
      assert.equal(parseEntryBundle(plain.body, width).length, width);
      for (const accepts of ['gzip', 'gzip, identity', 'br;q=1.0, gzip;q=0.8, *;q=0.1']) {
        const packed = await rawBody(path, accepts);
        assert.deepEqual([packed.encoding, packed.vary], ['gzip', 'Accept-Encoding'], accepts);
        assert.ok(packed.body.length < plain.body.length * 0.8);
        assert.deepEqual(gunzipSync(packed.body), plain.body);
      }
      for (const accepts of ['gzip;q=0', 'br', 'identity;q=1, gzip;q=0.1', undefined]) {
        const packed = await rawBody(path, accepts);
        assert.deepEqual([packed.encoding, packed.vary], [undefined, 'Accept-Encoding'], String(accepts));
        assert.deepEqual(packed.body, plain.body);
      }
    }
    const missing = await get('tile/entries/002', { 'accept-encoding': 'gzip' });
    assert.equal(missing.response.status, 404);
    assert.equal(missing.response.headers.get('content-encoding'), null);
  });

  test('an address gets only so many partial bundles compressed, and the others as they are', async () => {
    const packed: boolean[] = [];
    for (let width = 1; width <= PACKED + 10; width += 1) {
      const { encoding, body } = await rawBody(`tile/entries/000.p/${width}`, 'gzip', '127.0.9.8');
      packed.push(encoding === 'gzip');
      assert.equal(parseEntryBundle(encoding === 'gzip' ? gunzipSync(body) : body, width).length, width);
    }
    assert.equal(packed[0], true);
    assert.equal(packed.at(-1), false);
    assert.equal(
      (await rawBody('tile/entries/000', 'gzip', '127.0.9.8')).encoding,
      'gzip',
      'one that is kept costs nothing',
    );
  });

  test('builders come in pages, the longest registered first', async () => {
    const seen: string[] = [];
    let from: number | null = 0;
    let pages = 0;
    while (from !== null) {
      const { body } = await get(`api/v1/builders?from=${from}`);
      const page = JSON.parse(body.toString()) as {
        builders: { operator: string }[];
        total: number;
        next: number | null;
      };
      assert.equal(page.total, ENTRIES + 1);
      assert.ok(page.builders.length <= 250);
      seen.push(...page.builders.map(({ operator }) => operator));
      from = page.next;
      pages += 1;
    }
    assert.deepEqual(
      [pages, seen.length, new Set(seen).size, seen.at(-1)],
      [2, ENTRIES + 1, ENTRIES + 1, 'last'],
    );
    for (const wrong of ['-1', '1.5', 'x', '9999999999', '']) {
      assert.equal((await get(`api/v1/builders?from=${wrong}`)).response.status, 400, wrong);
    }
    const { body } = await get('api/v1/builders?from=999999999');
    assert.deepEqual((JSON.parse(body.toString()) as { builders: unknown[] }).builders, []);
  });

  /** An answer as it comes over the wire: `fetch` would unpack it. */
  async function rawBody(path: string, accepts: string | undefined, localAddress = '127.0.0.1') {
    const headers = accepts === undefined ? {} : { 'accept-encoding': accepts };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request(url(path), { headers, localAddress }, resolve).once('error', reject).end();
    });
    const body = Buffer.concat(await response.toArray());
    return { body, encoding: response.headers['content-encoding'], vary: response.headers['vary'] };
  }
});

test('compressed bytes are kept within bounds, and made once for all who ask at the same time', async () => {
  const cache = new GzipCache(1000);
  let reads = 0;
  const read = async (): Promise<Uint8Array> => {
    reads += 1;
    return crypto.getRandomValues(new Uint8Array(300));
  };
  const [first, same] = await Promise.all([cache.get('a', read), cache.get('a', read)]);
  assert.equal(first, same);
  for (const name of ['b', 'c', 'd', 'e']) await cache.get(name, read);
  assert.ok(cache.bytes <= 1000);
  const before = reads;
  await cache.get('e', read);
  assert.equal(reads, before, 'the last one is kept');
  await cache.get('a', read);
  assert.equal(reads, before + 1, 'the first one is not');
  assert.equal(await cache.get('none', async () => undefined), undefined);
});
