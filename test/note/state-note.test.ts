import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatStateNote, parseStateNote } from '../../src/note/index.ts';

const ROOT = new Uint8Array(32).fill(7);
const TEXT = `bitquorum/state/v1\nexample.com/log\n4711\n${Buffer.from(ROOT).toString('base64')}\n`;

test('the text of a signed state has one form', () => {
  const state = { origin: 'example.com/log', index: 4711, root: ROOT };
  assert.equal(formatStateNote(state), TEXT);
  assert.deepEqual(parseStateNote(TEXT), state);
  const wrong = [
    '',
    TEXT.slice(0, -1),
    `${TEXT}\n`,
    TEXT.replace('v1', 'v2'),
    TEXT.replace('4711', '04711'),
    TEXT.replace('4711', '-1'),
    TEXT.replace('example.com/log', ''),
    TEXT.replace('BwcH', 'BwcH BwcH'),
    TEXT.replace('BwcH', ''),
    `x${TEXT}`,
    'bitquorum/state/v1\n'.padEnd(4000, 'x'),
    `${TEXT.replace('example.com/log', 'o'.repeat(1024 - TEXT.length + 15))}and more`,
  ];
  for (const text of wrong) assert.throws(() => parseStateNote(text), { code: 'bad-state' }, text);
  assert.throws(() => formatStateNote({ ...state, origin: 'a\nb' }), { code: 'bad-state' });
});
