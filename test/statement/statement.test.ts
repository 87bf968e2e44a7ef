import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeStatement, KINDS, type Kind, statementFromJson } from '../../src/statement/index.ts';
import { GOOD, hex, integrity, key, made } from './samples.ts';

const release = 'ab'.repeat(32);

/** Kinds whose statement alone tells what the subject's name must be. */
const NAMED = new Set<Kind>(['policy', 'heartbeat', 'release', 'builder', 'rotate', 'revoke', 'state']);

for (const kind of KINDS) {
  test(`${kind}: is made, written and read back`, () => {
    const statement = made(kind);
    assert.deepEqual(
      statementFromJson(JSON.parse(new TextDecoder().decode(encodeStatement(statement)))),
      statement,
    );
  });

  test(`${kind}: origin, time, unknown keys, missing keys and other subjects are refused`, () => {
    for (const change of [
      { origin: '' },
      { origin: 'two words' },
      { origin: undefined },
      { timeMs: -1 },
      { timeMs: 1.5 },
      { timeMs: '1790000000000' },
      { unknown: 1 },
      { __proto__: null, release: 'AB'.repeat(32), builder: '', vkey: '', rules: 1, size: 0 },
    ]) {
      assert.throws(() => made(kind, change), { code: 'bad-statement' }, JSON.stringify(change));
    }
    assert.throws(() => made(kind, {}, { name: '', sha256: hex('00') }), { code: 'bad-statement' });
    if (kind !== 'policy' && kind !== 'heartbeat' && kind !== 'builder') {
      assert.throws(() => made(kind, {}, { ...GOOD[kind].subject, sha256: hex('ff') }), {
        code: 'bad-statement',
      });
    }
    if (NAMED.has(kind)) {
      assert.throws(() => made(kind, {}, { ...GOOD[kind].subject, name: 'other' }), {
        code: 'bad-statement',
      });
    }
  });
}

for (const [kind, why, change] of [
  [
    'policy',
    'a quorum that its founders cannot reach',
    { rules: { ...GOOD.policy.predicate.rules, foundersQuorum: 3 } },
  ],
  [
    'policy',
    'a founder twice',
    { rules: { ...GOOD.policy.predicate.rules, founders: [hex('0a'), hex('0a')] } },
  ],
  ['policy', 'a margin of one half', { rules: { ...GOOD.policy.predicate.rules, panelMargin: [1, 2] } }],
  [
    'policy',
    'a margin above the whole',
    { rules: { ...GOOD.policy.predicate.rules, foundersMargin: [4, 3] } },
  ],
  [
    'policy',
    'short windows without demo',
    {
      rules: {
        ...GOOD.policy.predicate.rules,
        windows: { commitFloorSeconds: 5, voteFloorSeconds: 259_200 },
      },
    },
  ],
  [
    'policy',
    'a prefix without a boundary',
    {
      rules: { ...GOOD.policy.predicate.rules, publishers: [{ prefix: 'pkg:npm/left', keys: [hex('0c')] }] },
    },
  ],
  [
    'builder',
    'a vkey with a wrong key id',
    { vkey: 'ada+00000000+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea' },
  ],
  ['builder', 'five prefixes', { prefixes: [1, 2, 3, 4, 5].map((at) => `192.0.${at}.0/24`) }],
  ['builder', 'a prefix with host bits', { prefixes: ['192.0.2.1/24'] }],
  ['builder', 'a prefix wider than a cluster', { prefixes: ['192.0.0.0/16'] }],
  ['builder', 'an operator with a bidi control', { operator: 'Ada\u202E' }],
  ['builder', 'an operator in decomposed form', { operator: 'Zoe\u0308' }],
  ['builder', 'an operator with spaces at its end', { operator: 'Ada ' }],
  ['builder', 'no platform', { platforms: [] }],
  ['release', 'a package without a version', { package: 'pkg:npm/%40noble/hashes' }],
  ['release', 'a package not in canonical form', { package: 'pkg:npm/@noble/hashes@2.0.1' }],
  [
    'release',
    'an integrity that is no SHA-512',
    { sources: [{ name: 'a', uri: 'https://a', integrity: 'sha1-AAAA' }] },
  ],
  ['release', 'a source that climbs', { sources: [{ name: '..', uri: 'https://a', integrity }] }],
  ['release', 'a window of no time', { voteSeconds: 0 }],
  ['release', 'a profile of its own', { profile: 'v1' }],
  ['open', 'a panel out of order', { panel: [hex('0b'), hex('0a')] }],
  ['vote', 'an output that is a path', { output: { name: 'a/b', sizeBytes: 1 } }],
  ['vote', 'a size that is no number', { output: { name: 'a', sizeBytes: null } }],
  ['vote', 'a truncated infohash', { infoHashV2: 'ab'.repeat(20) }],
  ['failure', 'an endless reason', { reason: 'x'.repeat(301) }],
  ['failure', 'an escape sequence', { reason: '\u001b[2J' }],
  ['open', 'a seed without cosignatures', { seed: { size: 7, root: hex('0d'), cosignatures: [] } }],
  [
    'open',
    'a cosignature that is no canonical base64',
    { seed: { size: 7, root: hex('0d'), cosignatures: [`${'A'.repeat(101)}B==`] } },
  ],
  ['rotate', 'a vkey that is none', { vkey: 'ada' }],
  ['revoke', 'no reason', { reason: '' }],
  ['canary', 'a group of one', { members: [hex('0a')] }],
  ['audit', 'nobody asked', { passed: [], failed: [], outside: [], fresh: [] }],
  ['audit', 'a builder that passed and failed', { failed: [key] }],
  ['audit', 'one outside its prefixes that did not pass', { outside: [hex('0b')] }],
  ['audit', 'one with a fresh address that did not pass', { fresh: [hex('0b')] }],
  ['state', 'a count that is no number', { builders: '9' }],
  ['verdict', 'a state of its own', { state: 'won' }],
] as const) {
  test(`${kind}: ${why} is refused`, () => {
    assert.throws(() => made(kind, change), { code: 'bad-statement' });
  });
}

test('another predicate type, another statement type and more subjects are refused', () => {
  const json = JSON.parse(new TextDecoder().decode(encodeStatement(made('commit'))));
  for (const change of [
    { predicateType: 'bitquorum:commit/v2' },
    { predicateType: 'https://slsa.dev/provenance/v1' },
    { _type: 'https://in-toto.io/Statement/v0.1' },
    { subject: [] },
    { subject: [json.subject[0], json.subject[0]] },
    { subject: [{ ...json.subject[0], digest: { sha256: release, sha1: 'ab'.repeat(20) } }] },
    { extra: 1 },
  ]) {
    assert.throws(() => statementFromJson({ ...json, ...change }), { code: 'bad-statement' });
  }
});
