import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import bencode from 'bencode';
import fc from 'fast-check';

const require = createRequire(import.meta.url);
const decoded = (text: string): unknown => bencode.decode(Buffer.from(text, 'latin1'));
const encoded = (value: unknown): string => Buffer.from(bencode.encode(value)).toString('latin1');

test('every way in leads to the drop-in', async () => {
  const namespace = await import('bencode');
  const required = require('bencode') as typeof namespace;
  for (const module of [namespace, required, namespace.default]) {
    assert.equal(module.encode, bencode.encode);
    assert.equal(module.decode, bencode.decode);
    assert.equal(module.encodingLength, bencode.encodingLength);
    assert.equal(module.byteLength, bencode.byteLength);
  }
});

test('no package of the tree has another bencode', () => {
  const lock = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')) as {
    packages: Record<string, { resolved?: string; link?: boolean }>;
  };
  const places = Object.entries(lock.packages).filter(([path]) => path.endsWith('node_modules/bencode'));
  assert.deepEqual(places, [['node_modules/bencode', { resolved: 'src/bencode/drop-in', link: true }]]);
});

test('values come as the packages expect them', () => {
  assert.deepEqual(decoded('d1:ai-1e1:bl0:3:xyze1:cdee'), {
    a: -1,
    b: [Buffer.alloc(0), Buffer.from('xyz')],
    c: {},
  });
  assert.ok(Buffer.isBuffer(decoded('2:hi')), 'the DHT asks Buffer.isBuffer');
  assert.equal(bencode.decode(Buffer.alloc(0)), null);
  assert.equal(bencode.decode(null), null);
  // ut_metadata gives text; others give offsets and an encoding.
  assert.deepEqual(bencode.decode('d8:msg_typei1e5:piecei0ee'), { msg_type: 1, piece: 0 });
  assert.equal(bencode.decode(Buffer.from('2:hi'), 'utf8'), 'hi');
  assert.equal(bencode.decode(Buffer.from('xx2:hi!'), 2, 6, 'utf8'), 'hi');
});

test('what is decoded does not hold on to the message', () => {
  const message = Buffer.from('4:abcd');
  const value = bencode.decode(message) as Buffer;
  message.fill(0);
  assert.equal(value.toString(), 'abcd');
});

test('keys survive whatever their name or bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), (key) => {
      const text = `d${key.length}:${Buffer.from(key).toString('latin1')}i1ee`;
      assert.equal(encoded(decoded(text)), text);
    }),
  );
  for (const key of ['__proto__', 'constructor', 'toString', '\u{FFFD}', '\u{1F680}']) {
    const value = bencode.decode(Buffer.from(`d${Buffer.byteLength(key)}:${key}3:abce`));
    assert.deepEqual(Object.entries(value as object), [[key, Buffer.from('abc')]]);
    assert.equal(Object.getPrototypeOf(value), Object.prototype);
  }
  // Different bytes, and neither is UTF-8: they stay different keys.
  assert.equal(encoded(decoded('d1:\xfei1e1:\xffi2ee')), 'd1:\xfei1e1:\xffi2ee');
});

test('keys are sorted by raw bytes, and messages with other orders are read', () => {
  assert.equal(
    Buffer.from(bencode.encode({ '\u{1F600}': 1, '\uFF5E': 2 })).toString(),
    'd3:\uFF5Ei2e4:\u{1F600}i1ee',
  );
  assert.deepEqual(decoded('d1:yi1e1:ti2ee'), { y: 1, t: 2 });
  assert.throws(() => decoded('d1:ti1e1:ti2ee'), { code: 'duplicate-key' });
});

test('what the package takes for encoding is taken', () => {
  assert.equal(
    encoded({
      z: null,
      y: undefined,
      flag: true,
      list: [1, null, 'é'],
      set: new Set([2]),
      map: new Map([[Buffer.from('k'), new Uint8Array([1]).buffer]]),
      big: 2n ** 60n,
      view: new DataView(new ArrayBuffer(1)),
    }),
    'd3:bigi1152921504606846976e4:flagi1e4:listli1e2:\xc3\xa9e3:mapd1:k1:\x01e3:setli2ee4:view1:\0e',
  );
  assert.equal(encoded(null), '');
  assert.throws(() => bencode.encode({ half: 0.5 }), { code: 'not-encodable' });
  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  assert.throws(() => bencode.encode(cycle), { code: 'not-encodable' });
  const target = new Uint8Array(6);
  assert.equal(bencode.encode('hi', target, 1), target);
  assert.equal(Buffer.from(target).toString('latin1'), '\x002:hi\0');
  assert.equal(bencode.encodingLength({ a: [1, 'é'] }), bencode.encode({ a: [1, 'é'] }).length);
  assert.equal(bencode.byteLength('hi'), 4);
});

test('hostile bytes are refused at once', () => {
  for (const text of ['l-3:e', 'd-1:', '9999999999:', 'l'.repeat(100_000), 'i9007199254740992e', 'i1ei2e']) {
    assert.throws(() => decoded(text), { name: 'BencodeError' }, text.slice(0, 20));
  }
});

test('any bytes are a value that encodes to the same bytes, or a BencodeError', () => {
  const tokens = fc
    .array(fc.constantFrom('i', 'l', 'd', 'e', '1:a', '1:\xff', '0:', '-', '0', '7', ':', '9:__proto__'), {
      maxLength: 30,
    })
    .map((parts) => Buffer.from(parts.join(''), 'latin1'));
  fc.assert(
    fc.property(fc.oneof(tokens, fc.uint8Array({ minLength: 1, maxLength: 60 })), (bytes) => {
      try {
        const value = bencode.decode(bytes);
        assert.equal(bencode.encode(value).length, bytes.length);
        assert.deepEqual(bencode.decode(bencode.encode(value)), value);
      } catch (error) {
        assert.equal((error as Error).name, 'BencodeError', String(error));
      }
    }),
    { numRuns: 2000 },
  );
});
