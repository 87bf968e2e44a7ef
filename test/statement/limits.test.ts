import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ENVELOPE_LIMITS,
  generateKey,
  KINDS,
  type Kind,
  MOST_AUDIT_KEYS,
  MOST_SEATS,
  makeStatement,
  openEnvelope,
  predicates,
  type Statement,
  signStatement,
} from '../../src/statement/index.ts';
import { MOST_FOUNDERS_SIGNING } from '../../src/statement/limits.ts';
import { groups, keysOf, LARGEST } from './largest.ts';

const signers = Array.from({ length: ENVELOPE_LIMITS.signatures }, (_, at) => generateKey(`signer${at}`));

function largest(kind: Kind, change: object = {}): Statement {
  const { subject, predicate } = LARGEST[kind];
  return makeStatement(kind, subject, { ...predicate, ...change }) as Statement;
}

for (const kind of KINDS) {
  test(`the longest ${kind} fits an entry, and is read back`, () => {
    const statement = largest(kind);
    const envelope = signStatement(statement, signers.slice(0, 1));
    assert.ok(envelope.length <= ENVELOPE_LIMITS.envelopeBytes);
    assert.deepEqual(openEnvelope(envelope).statement, statement);
  });
}

test('what several sign leaves room for as many founders as a policy may ask for, and a reason of a hundred letters', () => {
  for (const kind of ['takedown', 'revote'] as const) {
    const envelope = signStatement(
      largest(kind, { reason: 'x'.repeat(100) }),
      signers.slice(0, MOST_FOUNDERS_SIGNING),
    );
    assert.equal(openEnvelope(envelope).signatures.length, 12);
  }
});

test('a release with more sources than fit an entry is refused where it is signed, with what to do', () => {
  const sources = Array.from({ length: 8 }, (_, at) => ({
    name: `${at}`,
    uri: 'x'.repeat(512),
    integrity: `sha512-${'A'.repeat(86)}==`,
  }));
  assert.throws(() => signStatement(largest('release', { sources }), signers.slice(0, 1)), {
    code: 'too-large',
    message: /a log takes 4096: shorten it/,
  });
});

test('one seat, one group, one key, one byte more is no statement', () => {
  const isTaken = (kind: Kind, change: object) =>
    predicates[kind].safeParse({ ...LARGEST[kind].predicate, ...change }).success;
  const more = keysOf(MOST_SEATS + 1);
  assert.equal(isTaken('open', {}), true);
  assert.equal(isTaken('open', { panel: more }), false);
  assert.equal(isTaken('open', { origin: `${'é'.repeat(64)}x` }), false);
  assert.equal(isTaken('verdict', { groups: [...groups, groups[0]] }), false);
  assert.equal(isTaken('audit', { outside: [], fresh: [], passed: more }), false);
  const passed = keysOf(MOST_SEATS);
  const outside = passed.slice(0, MOST_AUDIT_KEYS - MOST_SEATS);
  assert.equal(isTaken('audit', { passed, outside, fresh: [] }), true);
  assert.equal(isTaken('audit', { passed, outside, fresh: passed.slice(0, 1) }), false);
  assert.equal(isTaken('canary', { members: keysOf(9) }), false);
  assert.equal(isTaken('failure', { reason: '漢'.repeat(301) }), false);
});
