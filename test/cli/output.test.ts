import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonText } from '../../src/cli/output.ts';

test('JSON of strangers’ words holds nothing that moves a terminal, and means the same', () => {
  const value = {
    name: 'a\u009b31mred\u202etxt.exe\u2028',
    reason: 'content-encoding \u0085\u007f\u001b[2J',
  };
  const text = jsonText(value);
  assert.doesNotMatch(text, /[^\x20-\x7e]/);
  assert.deepEqual(JSON.parse(text), value);
});
