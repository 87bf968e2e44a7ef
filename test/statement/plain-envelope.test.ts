// The quick way through an envelope of the plain form comes to nothing that the one rule does not come to.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { toUtf8 } from '../../src/bytes/index.ts';
import {
  encodeStatement,
  formatEnvelope,
  generateKey,
  KINDS,
  makeStatement,
  PAYLOAD_TYPE,
  preAuthenticationEncoding,
  type Statement,
  StatementError,
  signStatement,
  type VerifiedEnvelope,
  verifiedEnvelope,
} from '../../src/statement/index.ts';
import { statementOfText } from '../../src/statement/statement.ts';
import { verifyPlainEnvelope } from '../../src/statement/verifying/plain-envelope.ts';
import { GOOD } from './samples.ts';

const keys = [generateKey('one'), generateKey('two')] as const;
const statements = KINDS.map(
  (kind) => makeStatement(kind, GOOD[kind].subject, GOOD[kind].predicate) as Statement,
);
const payloads = statements.map((statement) => Buffer.from(encodeStatement(statement)).toString());

function signed(payload: Uint8Array): Uint8Array {
  const signature = keys[0].sign(preAuthenticationEncoding(PAYLOAD_TYPE, payload));
  return formatEnvelope(payload, [{ key: keys[0].key, signature }]);
}

function quick(bytes: Uint8Array): VerifiedEnvelope | undefined {
  const plain = verifyPlainEnvelope(Buffer.from(bytes));
  if (plain === undefined) return undefined;
  const { payload, payloadDigest, key, isGood } = plain;
  return {
    statement: statementOfText(payload),
    payloadDigest,
    signers: isGood ? [key] : [],
    refused: isGood ? [] : [key],
  };
}

/** The quick way's answer, if it has one, is the one rule's; gives whether it had one. */
function agrees(bytes: Uint8Array): boolean {
  const plain = quick(bytes);
  if (plain !== undefined) assert.deepEqual(plain, verifiedEnvelope(bytes));
  return plain !== undefined;
}

/** A text with a few places overwritten, or something put in, or something taken out. */
function altered(texts: readonly string[], pieces: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const change = fc.record({ place: fc.nat(4095), takes: fc.nat(3), piece: pieces });
  return fc
    .record({ text: fc.constantFrom(...texts), changes: fc.array(change, { maxLength: 2 }) })
    .map(({ text, changes }) =>
      changes.reduce((changed, { place, takes, piece }) => {
        const at = place % (changed.length + 1);
        return changed.slice(0, at) + piece + changed.slice(at + takes);
      }, text),
    );
}

const jsonPieces = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '\n',
    '0',
    '-',
    '-0',
    '.0',
    'e3',
    'E+1',
    '\\u0061',
    '\\',
    '"',
    ',',
    '{}',
    '[]',
    'null',
    'é',
  ),
  fc.constantFrom('"a":1,', '"origin":"tally.example/log",', '"timeMs":1790000000000,', '"__proto__":{},'),
);
const envelopePieces = fc.oneof(
  fc.constantFrom('', ' ', '=', '==', 'A', 'B', '/', '-', '_', '\\', '"', '{', '\u00e9', '\\u0041'),
  fc.string({ maxLength: 2 }),
);

test('an envelope around each kind of statement goes the quick way, forged or not', () => {
  for (const statement of statements) {
    const bytes = signStatement(statement, [keys[0]]);
    assert.ok(agrees(bytes), statement.kind);
    assert.deepEqual(quick(bytes)?.signers, [keys[0].key]);
    const forged = formatEnvelope(encodeStatement(statement), [
      { key: keys[0].key, signature: keys[1].sign(bytes) },
    ]);
    assert.ok(agrees(forged), statement.kind);
    assert.deepEqual(quick(forged)?.refused, [keys[0].key]);
  }
});

test('an envelope of another form is left to the one rule', () => {
  const [first] = statements;
  assert.ok(first !== undefined);
  const bytes = signStatement(first, [keys[0]]);
  const text = Buffer.from(bytes).toString();
  for (const other of [
    signStatement(first, keys),
    toUtf8(` ${text}`),
    toUtf8(text.replace('"payload":', '"payload": ')),
    toUtf8(text.replace(keys[0].key, keys[0].key.toUpperCase())),
    signed(toUtf8(`${payloads[0]} `)),
    signed(toUtf8('')),
    signed(Uint8Array.of(0xff)),
    new Uint8Array(0),
    new Uint8Array(4097),
  ]) {
    assert.equal(quick(other), undefined);
  }
});

test('whatever is changed in a payload that is signed again, both ways agree', () => {
  let quickly = 0;
  fc.assert(
    fc.property(altered(payloads, jsonPieces), (payload) => {
      const bytes = signable(toUtf8(payload));
      if (bytes !== undefined && agrees(bytes)) quickly += 1;
    }),
    { numRuns: 3000 },
  );
  assert.ok(quickly > 100, 'some went the quick way');
});

test('whatever is changed in an envelope, both ways agree', () => {
  const envelopes = statements.map((statement) =>
    Buffer.from(signStatement(statement, [keys[0]])).toString(),
  );
  let quickly = 0;
  fc.assert(
    fc.property(altered(envelopes, envelopePieces), (envelope) => {
      if (agrees(toUtf8(envelope))) quickly += 1;
    }),
    { numRuns: 3000 },
  );
  assert.ok(quickly > 100, 'some went the quick way');
});

/** Nothing for a payload that is too long for an envelope. */
function signable(payload: Uint8Array): Uint8Array | undefined {
  try {
    return signed(payload);
  } catch (error) {
    assert.ok(error instanceof StatementError && error.code === 'too-large', String(error));
    return undefined;
  }
}
