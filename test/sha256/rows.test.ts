import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { hashByCrypto, rowsOf } from '../../src/sha256/rows.ts';
import { someRows } from './some-rows.ts';

test('each row has its own SHA-256, a short last one as well, wherever they are put', () => {
  fc.assert(
    fc.property(someRows, ({ data, rowBytes, before }) => {
      const count = Math.ceil(data.length / rowBytes);
      const out = new Uint8Array(before + count * 32);
      hashByCrypto(data, rowBytes, out, before, rowsOf(data, rowBytes));
      for (let row = 0; row < count; row += 1) {
        const expected = createHash('sha256')
          .update(data.subarray(row * rowBytes, (row + 1) * rowBytes))
          .digest('hex');
        const at = before + row * 32;
        assert.equal(Buffer.from(out.subarray(at, at + 32)).toString('hex'), expected);
      }
      assert.ok(out.subarray(0, before).every((byte) => byte === 0));
    }),
  );
});
