// The quick checks of a form take nothing that the published schema does not take, and all that is written in the usual way.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { envelopeSchema, hasEnvelopeForm } from '../../src/statement/envelope-form.ts';
import { hasStatementForm, statementSchema } from '../../src/statement/statement-form.ts';

const hex = 'ab'.repeat(32);
const envelope = {
  payloadType: 'application/vnd.in-toto+json',
  payload: 'e30=',
  signatures: [
    { keyid: hex, sig: 'AA==' },
    { keyid: 'cd'.repeat(32), sig: '' },
  ],
};
const statement = {
  _type: 'https://in-toto.io/Statement/v1',
  subject: [{ name: 'pkg:npm/%40noble/hashes@2.0.1', digest: { sha256: hex } }],
  predicateType: 'bitquorum:commit/v1',
  predicate: { origin: 'test.invalid/log' },
};

/** What may stand somewhere in place of what should: other kinds of JSON, texts at the edges of what is allowed. */
const odd = fc.oneof(
  fc.constantFrom<unknown>(null, true, 0, '', [], {}, [null], hex, hex.toUpperCase(), `${hex}0`, `${hex}\n`),
  fc.constantFrom(
    'x'.repeat(100),
    'x'.repeat(101),
    'x'.repeat(256),
    'x'.repeat(257),
    '\u202e',
    '\ud800',
    '\u{1f600}',
  ),
  fc.jsonValue(),
);

/** JSON that differs from a good one in some places: a value replaced, a key taken away, named otherwise, or added. */
function altered(good: object): fc.Arbitrary<unknown> {
  const change = fc.record({
    place: fc.nat(30),
    act: fc.constantFrom('replace', 'remove', 'add'),
    value: odd,
    key: odd,
  });
  return fc.array(change, { maxLength: 2 }).map((changes) => {
    const json = JSON.parse(JSON.stringify({ good })) as Record<string, unknown>;
    for (const { place, act, value, key } of changes) {
      const places = placesIn(json);
      const at = places[place % places.length];
      if (at === undefined) continue;
      const [owner, name] = at;
      // Copies: what is put in may be altered by the next change, and would else come to hold itself.
      if (act === 'replace') owner[name] = structuredClone(value);
      else if (act === 'remove') Reflect.deleteProperty(owner, name);
      else owner[String(key)] = structuredClone(value);
    }
    return (JSON.parse(JSON.stringify(json)) as { good?: unknown }).good;
  });
}

/** Every place below a value: what holds it, and under which name. */
function placesIn(value: unknown): (readonly [owner: Record<string, unknown>, name: string])[] {
  if (typeof value !== 'object' || value === null) return [];
  const owner = value as Record<string, unknown>;
  const names = Object.keys(owner);
  return [...names.map((name) => [owner, name] as const), ...names.flatMap((name) => placesIn(owner[name]))];
}

test('what the quick check of an envelope takes, its schema takes, and reads the same', () => {
  fc.assert(
    fc.property(altered(envelope), (json) => {
      const parsed = envelopeSchema.safeParse(json);
      assert.equal(hasEnvelopeForm(json), parsed.success);
      if (parsed.success) assert.deepEqual(parsed.data, json);
    }),
    { numRuns: 3000 },
  );
  assert.ok(hasEnvelopeForm(envelope));
});

test('what the quick check of a statement takes, its schema takes, and reads the same', () => {
  fc.assert(
    fc.property(altered(statement), (json) => {
      const parsed = statementSchema.safeParse(json);
      if (hasStatementForm(json)) assert.deepEqual(parsed.data, json);
      else assert.ok(!parsed.success || !Object.hasOwn(Object(json), 'predicate'), JSON.stringify(json));
    }),
    { numRuns: 3000 },
  );
  assert.ok(hasStatementForm(statement));
});
