// Whatever the bytes, a parser gives a value or a coded error, in time about linear to them.
import assert from 'node:assert/strict';
import process from 'node:process';
import { test } from 'node:test';
import fc from 'fast-check';
import { decode, type Encodable, encode, MESSAGE_LIMITS } from '../../src/bencode/index.ts';
import { CodedError } from '../../src/bytes/index.ts';
import {
  assertCanonical,
  formatMagnet,
  parseInfo,
  parseMagnet,
  parseTorrent,
  summarizeV1,
  TORRENT_LIMITS,
  TorrentError,
} from '../../src/torrent/index.ts';
import { hybridDraft, torrentOf, treeDraft, v2Draft } from './samples.ts';

const samples = [v2Draft(), hybridDraft(), treeDraft()].map(torrentOf);

/** A sample with a few bytes put in the place of others: mostly bencode, mostly wrong. */
const damaged = fc
  .tuple(
    fc.constantFrom(...samples),
    fc.array(fc.tuple(fc.nat(), fc.nat(3), fc.uint8Array({ maxLength: 3 })), { minLength: 1, maxLength: 4 }),
  )
  .map(([sample, edits]) => {
    let bytes = Buffer.from(sample);
    for (const [place, cut, put] of edits) {
      const at = place % (bytes.length + 1);
      bytes = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)]);
    }
    return bytes;
  });

/** Dictionaries with the keys of torrents and values of any kind. */
const { value } = fc.letrec<{ value: Encodable }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom<Encodable>(
      2,
      0,
      -1,
      16_384,
      2n ** 62n,
      '',
      'x',
      'l',
      new Uint8Array(32),
      new Uint8Array(20),
    ),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(
      fc.constantFrom(
        '',
        'info',
        'file tree',
        'files',
        'path',
        'length',
        'pieces root',
        'attr',
        'name',
        'pieces',
        'piece length',
        'piece layers',
        'meta version',
        'announce-list',
        'url-list',
      ),
      tie('value'),
      { maxKeys: 6 },
    ),
  ),
}));

function onlyCodedErrors(
  parse: () => unknown,
  type: new (...args: never[]) => CodedError = TorrentError,
): void {
  try {
    parse();
  } catch (error) {
    assert.ok(error instanceof type, String(error));
    assert.notEqual(error.code, 'internal');
  }
}

test('metainfo: a value or a TorrentError', () => {
  const inputs = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    damaged,
    value.map((info) => encode({ info, 'piece layers': info })),
    value.map((other) => encode({ info: { ...v2Draft().info, 'file tree': other, files: other } })),
  );
  fc.assert(
    fc.property(inputs, (bytes) => {
      onlyCodedErrors(() => assertCanonical(parseTorrent(bytes)));
      onlyCodedErrors(() => parseInfo(bytes));
      onlyCodedErrors(() => summarizeV1(bytes));
    }),
    { numRuns: 3000 },
  );
});

test('magnet links: a value or a TorrentError', () => {
  const parts = fc.constantFrom(
    'magnet:?',
    'xt=',
    'urn:btih:',
    'urn:btmh:',
    '1220',
    'a'.repeat(40),
    'b'.repeat(64),
    '&',
    'dn=',
    '%',
    '%ff',
    'tr=',
    'x.pe=',
    '[::1]:1',
    'xl=',
    '=',
    '#',
    '2'.repeat(32),
  );
  const links = fc.oneof(
    fc.string(),
    fc.array(parts, { maxLength: 12 }).map((each) => `magnet:?${each.join('')}`),
  );
  fc.assert(
    fc.property(links, (link) => {
      onlyCodedErrors(() => {
        const magnet = parseMagnet(link);
        assert.deepEqual(parseMagnet(formatMagnet(magnet)), magnet);
      });
    }),
    { numRuns: 3000 },
  );
});

/** Inputs of about `size` bytes that could make a careless parser slow. */
const SLOW: Readonly<Record<string, (size: number) => Uint8Array>> = {
  'many small tokens': (size) => Buffer.from(`l${'0:'.repeat(size / 2)}e`),
  'many lists': (size) => Buffer.from(`l${'le'.repeat(size / 2)}e`),
  'many keys': (size) => encode(Object.fromEntries(numbered(size / 14).map((key) => [key, 1]))),
  'one long string': (size) => encode('x'.repeat(size)),
  'digits without end': (size) => Buffer.from('1'.repeat(size)),
  'lists without end': (size) => Buffer.from('l'.repeat(size)),
  'many files': (size) =>
    encode({
      info: {
        ...v2Draft().info,
        'file tree': Object.fromEntries(numbered(size / 40).map((key) => [key, { '': { length: 0 } }])),
      },
    }),
  'many v1 files': (size) =>
    encode({
      info: {
        ...hybridDraft().info,
        files: numbered(size / 40).map((name) => ({ length: 0, path: [name] })),
      },
    }),
  'many layers': (size) =>
    encode({
      info: v2Draft().info,
      'piece layers': new Map(numbered(size / 64).map((key) => [Buffer.alloc(32, key), 'x'] as const)),
    }),
  'many trackers': (size) => encode({ info: v2Draft().info, 'announce-list': numbered(size / 8) }),
};

function numbered(count: number): string[] {
  return Array.from({ length: Math.floor(count) }, (_, index) => `k${String(index).padStart(7, '0')}`);
}

/** Processor milliseconds of this thread for one run, the best of some: a busy machine only makes runs longer. */
function bestOf(runs: number, work: () => void): number {
  let best = Infinity;
  for (let run = 0; run < runs; run += 1) {
    const start = process.threadCpuUsage();
    work();
    const { user, system } = process.threadCpuUsage(start);
    best = Math.min(best, (user + system) / 1000);
  }
  return best;
}

test('time grows about linearly with the input', (context) => {
  const [small, large] = [300_000, 4_800_000];
  for (const [name, make] of Object.entries(SLOW)) {
    const [first, last] = [small, large].map((size) => {
      const bytes = make(size);
      return bestOf(3, () => {
        onlyCodedErrors(() => parseTorrent(bytes));
        onlyCodedErrors(
          () => decode(bytes, { ...MESSAGE_LIMITS, bytes: size * 2, tokens: size }),
          CodedError,
        );
      });
    }) as [number, number];
    context.diagnostic(`${name}: ${first.toFixed(1)} ms for 0.3 MB, ${last.toFixed(1)} ms for 4.8 MB`);
    // 16 times the input: 16 times the time when linear, 256 times when quadratic. Collecting garbage, caches and
    // the clock's ticks of 4 ms stay far below.
    assert.ok(last < 80 * Math.max(first, 2), `${name}: ${first} ms, then ${last} ms for 16 times the input`);
  }
});

test('the largest allowed input is read in bounded time', () => {
  const tokens = TORRENT_LIMITS.tokens - 1;
  const bytes = Buffer.from(`l${'0:'.repeat(tokens)}e`);
  const milliseconds = bestOf(1, () => {
    assert.equal([...decode(bytes).items()].length, tokens);
  });
  assert.ok(milliseconds < 10_000, `${milliseconds} ms`);
});
