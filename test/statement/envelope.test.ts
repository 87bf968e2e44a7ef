import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concatBytes, fromUtf8, toBase64, toHex, toUtf8 } from '../../src/bytes/index.ts';
import {
  formatEnvelope,
  generateKey,
  makeStatement,
  openEnvelope,
  PAYLOAD_TYPE,
  preAuthenticationEncoding,
  StatementError,
  sha256,
  signStatement,
  verifyEnvelope,
} from '../../src/statement/index.ts';

const signer = generateKey('builder.example/one');
const statement = makeStatement(
  'commit',
  { name: 'pkg:npm/left-pad@1.3.0', sha256: 'ab'.repeat(32) },
  {
    origin: 'tally.example/log',
    timeMs: 1_790_000_000_000,
    release: 'ab'.repeat(32),
    commitment: 'cd'.repeat(32),
  },
);
const payload = openEnvelope(signStatement(statement, [signer])).payload;

test('pre-authentication encoding: the example of the DSSE specification', () => {
  const encoded = preAuthenticationEncoding('http://example.com/HelloWorld', toUtf8('hello world'));
  assert.equal(fromUtf8(encoded), 'DSSEv1 29 http://example.com/HelloWorld 11 hello world');
  assert.equal(fromUtf8(preAuthenticationEncoding('é', toUtf8('ü'))), 'DSSEv1 2 é 2 ü');
});

test('what was signed is what is read, with its digest and its signer', () => {
  const other = generateKey('builder.example/two');
  const opened = openEnvelope(signStatement(statement, [signer, other]));
  assert.deepEqual(opened.statement, statement);
  assert.equal(opened.payloadDigest, toHex(sha256(opened.payload)));
  assert.deepEqual(verifyEnvelope(opened), [signer.key, other.key]);
});

test('the wire form is in-toto Statement v1 in DSSE, keys and base64 as published', () => {
  const envelope = JSON.parse(fromUtf8(signStatement(statement, [signer])));
  assert.deepEqual(Object.keys(envelope), ['payloadType', 'payload', 'signatures']);
  assert.equal(envelope.payloadType, 'application/vnd.in-toto+json');
  assert.deepEqual(JSON.parse(Buffer.from(envelope.payload, 'base64').toString()), {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'pkg:npm/left-pad@1.3.0', digest: { sha256: 'ab'.repeat(32) } }],
    predicateType: 'bitquorum:commit/v1',
    predicate: statement.predicate,
  });
  assert.equal(envelope.signatures[0].keyid, signer.key);
});

test('a signature over another payload, by another key, or moved to another envelope is not good', () => {
  const opened = openEnvelope(signStatement(statement, [signer]));
  const signature = opened.signatures[0]?.signature ?? assert.fail();
  const changed = toUtf8(fromUtf8(payload).replace('1790000000000', '1790000000001'));
  assert.deepEqual(
    verifyEnvelope(openEnvelope(formatEnvelope(changed, [{ key: signer.key, signature }]))),
    [],
  );
  const stranger = generateKey('stranger');
  assert.deepEqual(
    verifyEnvelope(openEnvelope(formatEnvelope(payload, [{ key: stranger.key, signature }]))),
    [],
  );
});

const sig = toBase64(new Uint8Array(64));
const keyid = 'ab'.repeat(32);
const base64Payload = toBase64(payload);
const envelopeText = (parts: { payload?: string; signatures?: string; type?: string; more?: string }) =>
  `{"payloadType":"${parts.type ?? PAYLOAD_TYPE}","payload":"${parts.payload ?? base64Payload}","signatures":${
    parts.signatures ?? `[{"keyid":"${keyid}","sig":"${sig}"}]`
  }${parts.more ?? ''}}`;

for (const [what, text, code] of [
  ['no JSON', '{"payloadType":', 'bad-envelope'],
  ['not an object', '[]', 'bad-envelope'],
  ['an unknown key', envelopeText({ more: ',"extra":1' }), 'bad-envelope'],
  ['a key twice', envelopeText({ more: `,"payload":"${base64Payload}"` }), 'bad-envelope'],
  ['a key twice by an escape', envelopeText({ more: `,"payl\\u006fad":"${base64Payload}"` }), 'bad-envelope'],
  ['another payload type', envelopeText({ type: 'application/json' }), 'bad-envelope'],
  ['base64 without padding', envelopeText({ payload: 'e30' }), 'bad-envelope'],
  ['base64 with loose bits', envelopeText({ payload: 'e31=' }), 'bad-envelope'],
  ['base64 with a line break', envelopeText({ payload: 'e30=\\n' }), 'bad-envelope'],
  ['URL-safe base64', envelopeText({ payload: '_-__' }), 'bad-envelope'],
  ['no signatures', envelopeText({ signatures: '[]' }), 'bad-envelope'],
  ['a short signature', envelopeText({ signatures: `[{"keyid":"${keyid}","sig":"AAAA"}]` }), 'bad-envelope'],
  [
    'an upper-case key',
    envelopeText({ signatures: `[{"keyid":"${keyid.toUpperCase()}","sig":"${sig}"}]` }),
    'bad-envelope',
  ],
  [
    'two signatures by one key',
    envelopeText({ signatures: `[{"keyid":"${keyid}","sig":"${sig}"},{"keyid":"${keyid}","sig":"${sig}"}]` }),
    'bad-envelope',
  ],
  ['a payload that is no JSON', envelopeText({ payload: toBase64(toUtf8('{')) }), 'bad-statement'],
  ['a payload that is not UTF-8', envelopeText({ payload: toBase64(Uint8Array.of(0xff)) }), 'bad-statement'],
  ['a payload that is no statement', envelopeText({ payload: toBase64(toUtf8('{}')) }), 'bad-statement'],
  ['more than 4096 bytes', ' '.repeat(4097), 'too-large'],
] as const) {
  test(`an envelope is refused: ${what}`, () => {
    assert.throws(() => openEnvelope(toUtf8(text)), { code });
  });
}

for (const [written, as] of [
  ['1790000000000.0', 'a fraction'],
  ['179e10', 'an exponent'],
  ['-0', 'a negative zero'],
] as const) {
  test(`a time written as ${as} is refused: other parsers read no integer there`, () => {
    const odd = fromUtf8(payload).replace('1790000000000', written);
    const bytes = toUtf8(envelopeText({ payload: toBase64(toUtf8(odd)) }));
    assert.throws(() => openEnvelope(bytes), { code: 'bad-statement', message: /plain integer/ });
  });
}

test('digits, dots and exponents inside strings are no numbers', () => {
  const text = fromUtf8(payload).replace('tally.example/log', '1.0/2e5/-0');
  const opened = openEnvelope(toUtf8(envelopeText({ payload: toBase64(toUtf8(text)) })));
  assert.equal(opened.statement.predicate.origin, '1.0/2e5/-0');
});

test('a statement whose predicate names a key twice is refused', () => {
  const doubled = fromUtf8(payload).replace('"origin":', '"origin":"other.example/log","origin":');
  assert.notEqual(doubled, fromUtf8(payload));
  const bytes = formatEnvelope(toUtf8(doubled), [{ key: keyid, signature: new Uint8Array(64) }]);
  assert.throws(() => openEnvelope(bytes), { code: 'bad-statement', message: /twice/ });
});

test('the limits stand where they are said to stand', () => {
  const exact = (bytes: number) => {
    const bare = signStatement(statement, [signer]);
    return concatBytes(bare, new Uint8Array(bytes - bare.length).fill(0x20));
  };
  assert.deepEqual(openEnvelope(exact(4096)).statement, statement);
  assert.throws(() => openEnvelope(exact(4097)), { code: 'too-large' });
  assert.throws(() => openEnvelope(exact(4096), { envelopeBytes: 4000, signatures: 1 }), {
    code: 'too-large',
  });
  const two = signStatement(statement, [signer, generateKey('two')]);
  assert.throws(() => openEnvelope(two, { envelopeBytes: 4096, signatures: 1 }), { code: 'too-large' });
  const keys = Array.from({ length: 30 }, (_, at) => generateKey(`k${at}`));
  assert.throws(() => signStatement(statement, keys), { code: 'too-large' });
});

test('any bytes either open or are refused by a StatementError', () => {
  const onlyRefused = (bytes: Uint8Array) => {
    try {
      openEnvelope(bytes);
    } catch (error) {
      assert.ok(error instanceof StatementError, String(error));
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), onlyRefused));
  fc.assert(fc.property(fc.jsonValue(), (value) => onlyRefused(toUtf8(JSON.stringify(value)))));
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      onlyRefused(toUtf8(envelopeText({ payload: toBase64(toUtf8(JSON.stringify(value))) })));
    }),
  );
  // One byte of a good envelope changed: another statement may come out, a crash may not.
  const good = signStatement(statement, [signer]);
  fc.assert(
    fc.property(fc.nat({ max: good.length - 1 }), fc.nat({ max: 255 }), (at, byte) => {
      const changed = good.slice();
      changed[at] = byte;
      onlyRefused(changed);
    }),
  );
});
