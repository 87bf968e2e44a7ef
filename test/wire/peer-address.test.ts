import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import { addressBytes } from '../../src/wire/index.ts';

test('an address in text form is one to us when it is one to the system, and never octal', () => {
  const texts = ['1.2.3.4', '0.0.0.0', '255.255.255.255', '::', '::1', '1:2:3:4:5:6:7:8', '::ffff:10.0.0.1'];
  for (const text of texts) assert.equal(addressBytes(text)?.length, isIP(text) === 4 ? 4 : 16, text);
  // The system's resolver takes 0177 for 127: judged as 177.0.0.1 it would pass for an address outside.
  for (const text of [
    '0177.0.0.1',
    '1.2.03.4',
    '2.2.3.48::1',
    '00.0.0.0',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '::1.2.3.04',
  ]) {
    assert.equal(addressBytes(text), undefined, text);
    assert.equal(isIP(text), 0, text);
  }
});
