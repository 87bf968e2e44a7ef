import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  Bencoded,
  BencodeError,
  type BencodeErrorCode,
  type BencodeNode,
  decode,
  decodePrefix,
  type Encodable,
  encode,
  MESSAGE_LIMITS,
  TORRENT_LIMITS,
} from '../../src/bencode/index.ts';

const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** A node as plain values: dictionaries as sorted pairs of latin1 key and value. */
function plain(node: BencodeNode): unknown {
  switch (node.kind) {
    case 'integer':
      return node.integer();
    case 'bytes':
      return textOf(node.bytes());
    case 'list':
      return [...node.items()].map(plain);
    case 'dictionary':
      return { entries: [...node.entries()].map(([key, value]) => [textOf(key), plain(value)]) };
  }
}

const { encodable } = fc.letrec<{ encodable: Encodable }>((tie) => ({
  encodable: fc.oneof(
    { maxDepth: 4 },
    fc.maxSafeInteger(),
    fc.uint8Array({ maxLength: 20 }),
    fc.array(tie('encodable'), { maxLength: 5 }),
    fc
      .uniqueArray(fc.tuple(fc.uint8Array({ maxLength: 4 }), tie('encodable')), {
        maxLength: 5,
        selector: ([key]) => textOf(key),
      })
      .map((pairs) => new Map(pairs)),
  ),
}));

test('what is encoded decodes, and its spans are the encoding', () => {
  fc.assert(
    fc.property(encodable, (value) => {
      const bytes = encode(value);
      const node = decode(bytes);
      assert.deepEqual(Buffer.from(node.raw), Buffer.from(bytes));
      assert.deepEqual(encode(node), bytes);
      assert.deepEqual(encode(new Bencoded(bytes)), bytes);
      if (node.kind === 'list') {
        assert.equal(
          textOf(bytes),
          `l${[...node.items()].map((item) => textOf(encode(item))).join('')}e`,
          'the items stand side by side',
        );
      }
    }),
  );
});

test('values and places are read as they stand', () => {
  const node = decode(bytesOf('d1:ai-42e1:bl0:3:xyzd0:i0eee1:cde1:dlee'));
  assert.deepEqual(plain(node), {
    entries: [
      ['a', -42],
      ['b', ['', 'xyz', { entries: [['', 0]] }]],
      ['c', { entries: [] }],
      ['d', []],
    ],
  });
  const list = node.get('b');
  assert.equal(list && textOf(list.raw), 'l0:3:xyzd0:i0eee');
  assert.deepEqual([list?.start, list?.end], [12, 28]);
  assert.equal(node.get('absent'), undefined);
});

const REFUSED: readonly (readonly [string, BencodeErrorCode])[] = [
  ['', 'truncated'],
  ['l-3:e', 'unexpected-byte'],
  ['-3:abc', 'unexpected-byte'],
  ['x', 'unexpected-byte'],
  ['e', 'unexpected-byte'],
  [' i1e', 'unexpected-byte'],
  ['i', 'truncated'],
  ['i1', 'truncated'],
  ['ie', 'bad-integer'],
  ['i-e', 'bad-integer'],
  ['i+1e', 'bad-integer'],
  ['i-0e', 'bad-integer'],
  ['i00e', 'bad-integer'],
  ['i03e', 'bad-integer'],
  ['i-03e', 'bad-integer'],
  ['i1.5e', 'bad-integer'],
  ['i1 e', 'bad-integer'],
  ['i1-e', 'bad-integer'],
  [`i${'9'.repeat(20)}e`, 'too-many-digits'],
  ['00:', 'bad-length'],
  ['01:a', 'bad-length'],
  ['1', 'truncated'],
  ['1a', 'bad-length'],
  ['1e:a', 'bad-length'],
  ['3:ab', 'truncated'],
  ['9999999999:', 'truncated'],
  ['99999999999:', 'too-many-digits'],
  ['l', 'truncated'],
  ['li1e', 'truncated'],
  ['d', 'bad-key'],
  ['d1:a', 'truncated'],
  ['d1:ae', 'unexpected-byte'],
  ['di1ei2ee', 'bad-key'],
  ['dlei2ee', 'bad-key'],
  ['d1:bi1e1:ai2ee', 'unsorted-keys'],
  ['d2:aai1e1:ai2ee', 'unsorted-keys'],
  ['d1:ai1e1:ai2ee', 'duplicate-key'],
  ['i1ei2e', 'trailing-bytes'],
  ['i1e\0', 'trailing-bytes'],
];

test('what is not canonical is refused by name', () => {
  for (const [text, code] of REFUSED) {
    assert.throws(() => decode(bytesOf(text)), { name: 'BencodeError', code }, JSON.stringify(text));
  }
});

test('every limit holds at its edge', () => {
  const small = { bytes: 20, depth: 2, tokens: 3, integerDigits: 2, sortedKeys: true };
  for (const [fits, over, code] of [
    ['17:aaaaaaaaaaaaaaaaa', '18:aaaaaaaaaaaaaaaaaa', 'too-large'],
    ['llee', 'llleee', 'too-deep'],
    ['d0:dee', 'ldlee', 'bad-key'],
    ['li1ei1ee', 'li1ei1ei1ee', 'too-many-tokens'],
    ['i-99e', 'i100e', 'too-many-digits'],
  ] as const) {
    assert.equal(textOf(decode(bytesOf(fits), small).raw), fits);
    assert.throws(() => decode(bytesOf(over), small), { code }, over);
  }
  const deep = (levels: number): Uint8Array => bytesOf('l'.repeat(levels) + 'e'.repeat(levels));
  assert.equal(decode(deep(TORRENT_LIMITS.depth)).kind, 'list');
  assert.throws(() => decode(deep(TORRENT_LIMITS.depth + 1)), { code: 'too-deep' });
  assert.throws(() => decode(deep(5_000_000)), { code: 'too-deep' });
});

test('messages may be unsorted, never ambiguous', () => {
  const node = decode(bytesOf('d1:bi1e1:ai2ee'), MESSAGE_LIMITS);
  assert.deepEqual(plain(node), {
    entries: [
      ['b', 1],
      ['a', 2],
    ],
  });
  assert.throws(() => decode(bytesOf('d1:bi1e1:ai2e1:bi3ee'), MESSAGE_LIMITS), { code: 'duplicate-key' });
});

test('a prefix ends where the bytes behind it start', () => {
  const message = bytesOf('d8:msg_typei1e5:piecei0eeraw bytes');
  assert.equal(textOf(message.subarray(decodePrefix(message, MESSAGE_LIMITS).end)), 'raw bytes');
});

test('any bytes are decoded or refused with a BencodeError, and what is decoded encodes to itself', () => {
  const nearly = fc
    .array(fc.constantFrom('i', 'l', 'd', 'e', '1:a', '0:', '-', '0', '7', ':', '2:bb'), { maxLength: 30 })
    .map((parts) => bytesOf(parts.join('')));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), nearly), (bytes) => {
      try {
        const node = decode(bytes);
        assert.deepEqual(encode(rebuild(node)), Uint8Array.from(bytes));
      } catch (error) {
        if (!(error instanceof BencodeError)) throw error;
      }
    }),
    { numRuns: 2000 },
  );
});

/** The same value from its parts, so that encoding it does not copy the input. */
function rebuild(node: BencodeNode): Encodable {
  switch (node.kind) {
    case 'integer':
      return BigInt(textOf(node.raw).slice(1, -1));
    case 'bytes':
      return node.bytes();
    case 'list':
      return [...node.items()].map(rebuild);
    case 'dictionary':
      return new Map([...node.entries()].map(([key, value]) => [key, rebuild(value)] as const));
  }
}

test('reading a value of another kind names both kinds', () => {
  const node = decode(bytesOf('li1e1:ae'));
  const [integer, bytes] = [...node.items()];
  assert.throws(() => node.get('a'), { code: 'wrong-kind', message: /list where dictionary is needed/ });
  assert.throws(() => [...node.entries()], { code: 'wrong-kind' });
  assert.throws(() => integer?.bytes(), { code: 'wrong-kind' });
  assert.throws(() => bytes?.integer(), { code: 'wrong-kind' });
  assert.throws(() => bytes && [...bytes.items()], { code: 'wrong-kind' });
  assert.throws(() => decode(bytesOf('i9007199254740992e')).integer(), { code: 'unsafe-integer' });
  assert.throws(() => decode(bytesOf('1:\xff')).text(), { code: 'bad-utf8' });
});

test('the encoder sorts by raw bytes and refuses what has no exact form', () => {
  // In UTF-16 order U+FF5E sorts after U+1F600; in UTF-8 it sorts before.
  assert.equal(
    Buffer.from(encode({ '\u{1F600}': 1, '\uFF5E': 2, z: undefined })).toString(),
    'd3:\uFF5Ei2e4:\u{1F600}i1ee',
  );
  assert.equal(textOf(encode([-0, 7n, 'é', new Uint8Array([0xff])])), 'li0ei7e2:\xc3\xa91:\xffe');
  const cycle: Encodable[] = [];
  cycle.push(cycle);
  for (const value of [1.5, Number.NaN, Infinity, 2 ** 53, cycle, null, true, () => 1]) {
    assert.throws(() => encode(value as Encodable), { code: 'not-encodable' });
  }
  assert.throws(
    () =>
      encode(
        new Map<string | Uint8Array, Encodable>([
          ['a', 1],
          [bytesOf('a'), 2],
        ]),
      ),
    { code: 'duplicate-key' },
  );
});
