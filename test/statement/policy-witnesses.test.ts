import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatVkey } from '../../src/note/index.ts';
import { cosigners } from '../../src/statement/policy-witnesses.ts';

test('a key under two names is no quorum of two', () => {
  const rule = cosigners('note', 16);
  const [one, other] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  const keys = [formatVkey('a.example/m', one), formatVkey('b.example/m', other)];
  assert.deepEqual(rule.parse({ keys, quorum: 2 }), { keys, quorum: 2 });
  const twice = [formatVkey('a.example/m', one), formatVkey('b.example/m', one)];
  assert.match(
    rule.safeParse({ keys: twice, quorum: 2 }).error?.issues[0]?.message ?? '',
    /once, under one name/,
  );
});
