import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { printable } from '../../src/bytes/index.ts';

test('escape sequences go, control and direction signs are shown as such, everything else stays', () => {
  assert.equal(printable('\u001b[31mred\u001b[0m \u001b]0;title\u0007'), 'red \uFFFD]0;title\uFFFD');
  assert.equal(printable('two\nlines\u202eevil\u2066'), 'two\uFFFDlines\uFFFDevil\uFFFD');
  assert.equal(printable('naïve 雪 🦀 tab'), 'naïve 雪 🦀 tab');
});

test('no text leaves a control character behind', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      assert.doesNotMatch(printable(text), /\p{Cc}/u);
    }),
  );
});
