import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  compareBytes,
  concatBytes,
  fromBase32,
  fromBase64,
  fromHex,
  fromUtf8,
  toBase64,
  toHex,
  toUtf8,
} from '../../src/bytes/index.ts';

const bytes = () => fc.uint8Array({ maxLength: 300 });

test('hexadecimal and base64 agree with Buffer and round-trip', () => {
  fc.assert(
    fc.property(bytes(), (input) => {
      assert.equal(toHex(input), Buffer.from(input).toString('hex'));
      assert.equal(toBase64(input), Buffer.from(input).toString('base64'));
      assert.deepEqual(fromHex(toHex(input)), input);
      assert.deepEqual(fromBase64(toBase64(input)), input);
    }),
  );
});

test('base64 of any length, and whatever was read before, is taken or refused as Buffer would write it', () => {
  const long = Buffer.alloc(20_000, 'Zz');
  assert.deepEqual(fromBase64(long.toString('base64')), new Uint8Array(long));
  assert.deepEqual(fromBase64(''), new Uint8Array(0));
  const letters = fc.constantFrom('A', 'Q', 'g', 'w', '=', '+', '/', 'é', '€', '𝄞', '\ud800', '\n', ' ');
  fc.assert(
    fc.property(fc.array(letters, { minLength: 1, maxLength: 12 }), (parts) => {
      const text = parts.join('');
      fromBase64('A'.repeat(48)); // good letters stand where those of this text do not get to
      const plain = Buffer.from(text, 'base64');
      if (plain.toString('base64') === text) assert.deepEqual(fromBase64(text), new Uint8Array(plain));
      else assert.throws(() => fromBase64(text), { code: 'bad-base64' });
    }),
  );
});

test('byte order and concatenation agree with Buffer', () => {
  fc.assert(
    fc.property(bytes(), bytes(), (left, right) => {
      assert.equal(Math.sign(compareBytes(left, right)), Buffer.compare(left, right));
      assert.deepEqual(Buffer.from(concatBytes(left, right)), Buffer.concat([left, right]));
    }),
  );
});

test('base32 follows the vectors of RFC 4648 §10', () => {
  for (const [text, plain] of [
    ['', ''],
    ['MY', 'f'],
    ['MZXQ', 'fo'],
    ['MZXW6', 'foo'],
    ['MZXW6YQ', 'foob'],
    ['mzxw6ytb', 'fooba'],
    ['MZXW6YTBOI', 'foobar'],
  ] as const) {
    assert.equal(fromUtf8(fromBase32(text)), plain);
  }
});

test('forms that are not canonical are refused by name', () => {
  for (const text of ['0', 'zz', '0x12']) assert.throws(() => fromHex(text), { code: 'bad-hex' });
  for (const text of ['A', 'AB==', 'AAA', 'A-__', 'AAAA\n', '====']) {
    assert.throws(() => fromBase64(text), { code: 'bad-base64' });
  }
  assert.throws(() => fromBase32('M1'), { code: 'bad-base32' });
  for (const input of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80]]) {
    assert.throws(() => fromUtf8(Uint8Array.from(input)), { code: 'bad-utf8' });
  }
  assert.equal(fromUtf8(toUtf8('\uFEFFé')), '\uFEFFé');
});
