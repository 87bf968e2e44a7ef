import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromUtf8, toBase64, toUtf8 } from '../../src/bytes/index.ts';
import {
  formatNote,
  formatVkey,
  NoteError,
  type NoteSignature,
  noteVerifier,
  openNote,
  parseNote,
  parseVkey,
  signNote,
} from '../../src/note/index.ts';
import { generateKey, parsePrivateKey, verifyEd25519 } from '../../src/statement/index.ts';

// Facts that the tests of Go's golang.org/x/mod/sumdb/note publish: two keys, a text, both signatures.
const PETER_PRIVATE = 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz';
const PETER = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const ENOCH = 'EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop';
const TEXT =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const PETER_SIG =
  'x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=';
const ENOCH_SIG =
  'rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=';
const peterLine = `— PeterNeumann ${PETER_SIG}\n`;
const enochLine = `— EnochRoot ${ENOCH_SIG}\n`;

const peter = noteVerifier(PETER, verifyEd25519);
const enoch = noteVerifier(ENOCH, verifyEd25519);
const open = (text: string, ...known: (typeof peter)[]) => openNote(toUtf8(text), known);
const names = (signatures: readonly NoteSignature[]) =>
  signatures.map(({ name, keyId }) => `${name}+${keyId}`);

test("Go's vkeys are read and written", () => {
  const { name, keyId, publicKey } = parseVkey(PETER);
  assert.deepEqual([name, keyId, publicKey.length], ['PeterNeumann', 'c74f20a3', 32]);
  assert.equal(formatVkey(name, publicKey), PETER);
});

test('every mangling of a vkey is refused', () => {
  const refused = (text: string) => assert.throws(() => parseVkey(text), { code: 'bad-vkey' }, text);
  for (let from = 0; from <= PETER.length; from += 1) {
    for (let to = from + 1; to <= PETER.length; to += 1) {
      if (from !== 0 || to !== PETER.length) refused(PETER.slice(from, to));
    }
  }
  for (let at = 0; at < PETER.length; at += 1) {
    refused(PETER.slice(0, at) + String.fromCharCode(PETER.charCodeAt(at) + 1) + PETER.slice(at + 1));
  }
  // Key ids fitted to a longer key and to an unknown algorithm, as Go's tests have them.
  refused('PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==');
  refused('PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW');
});

test("a text signed with Go's key gives Go's note, byte for byte", () => {
  const key = parsePrivateKey(PETER_PRIVATE);
  assert.equal(fromUtf8(signNote(TEXT, [key])), `${TEXT}\n${peterLine}`);
});

test('signing keeps the signatures of others and replaces its own', () => {
  const key = parsePrivateKey(PETER_PRIVATE);
  const enochOnly = parseNote(toUtf8(`${TEXT}\n${enochLine}`)).signatures;
  const stale: NoteSignature = { name: 'PeterNeumann', keyId: 'c74f20a3', signature: new Uint8Array(64) };
  assert.equal(fromUtf8(signNote(TEXT, [key], [stale, ...enochOnly])), `${TEXT}\n${peterLine}${enochLine}`);
});

test('known keys are verified, unknown ones kept apart', () => {
  const both = `${TEXT}\n${peterLine}${enochLine}`;
  const one = open(both, peter);
  assert.equal(one.text, TEXT);
  assert.deepEqual(
    [names(one.verified), names(one.unknown)],
    [['PeterNeumann+c74f20a3'], ['EnochRoot+af0cfe78']],
  );
  assert.equal(open(both, peter, enoch).verified.length, 2);
  assert.equal(open(`${TEXT}\n${peterLine}${peterLine}`, peter).verified.length, 1);
  assert.throws(() => open(both), { code: 'unsigned' });
});

test('a signature counts only for the key that name and key id name together', () => {
  const other = generateKey('PeterNeumann');
  const stranger = noteVerifier(other.vkey, verifyEd25519);
  assert.throws(() => open(`${TEXT}\n${peterLine}`, stranger), { code: 'unsigned' });
});

test('a wrong signature under a known key refuses the note, whatever else is on it', () => {
  const changed = TEXT.replace('answer', 'Answer');
  assert.throws(() => open(`${changed}\n${peterLine}`, peter), { code: 'bad-signature' });
  const longer = `— PeterNeumann ${PETER_SIG.slice(0, 40)}ABCD${PETER_SIG.slice(40)}\n`;
  assert.throws(() => open(`${TEXT}\n${longer}${enochLine}`, peter, enoch), { code: 'bad-signature' });
});

test('signatures that stand there twice are verified once; those by unknown keys say nothing, whatever they hold', () => {
  const spoilt = `— EnochRoot ${ENOCH_SIG.slice(0, 48)}ABCD${ENOCH_SIG.slice(48)}\n`;
  const { verified, unknown } = open(
    `${TEXT}\n${peterLine}${peterLine}${enochLine}${enochLine}${spoilt}`,
    peter,
  );
  assert.deepEqual(names(verified), ['PeterNeumann+c74f20a3']);
  assert.deepEqual(new Set(names(unknown)), new Set(['EnochRoot+af0cfe78']));
});

test('a signature under another name or another key id is by an unknown key', () => {
  for (const line of [
    peterLine.replace('PeterNeumann', 'CarmenSandiego'),
    peterLine.replace('x08g', 'xxxx'),
  ]) {
    assert.throws(() => open(`${TEXT}\n${line}`, peter), { code: 'unsigned' });
  }
});

test('a note without a newline at its end, and one with a name that is none, are not signed', () => {
  const key = parsePrivateKey(PETER_PRIVATE);
  assert.throws(() => signNote('abc', [key]), { code: 'bad-note' });
  const bad = { name: 'a+b', keyId: '00000000', signature: new Uint8Array(64) };
  assert.throws(() => signNote(TEXT, [key], [bad]), NoteError);
});

for (const [what, text] of [
  ['no signatures', TEXT],
  ['an empty line and no signatures', `${TEXT}\n`],
  ['no newline at its end', `${TEXT}\n${peterLine.slice(0, -1)}`],
  ['a control character', `\u0001${TEXT}\n${peterLine}`],
  ['a carriage return', `${TEXT.replace('\n', '\r\n')}\n${peterLine}`],
  ['a name of two words', `${TEXT}\n— Bad Name ${PETER_SIG}\n`],
  ['a name with a plus', `${TEXT}\n— Bad+Name ${PETER_SIG}\n`],
  ['a name with a no-break space', `${TEXT}\n— Bad\u00a0Name ${PETER_SIG}\n`],
  ['no name', `${TEXT}\n—  ${PETER_SIG}\n`],
  ['a hyphen for the dash', `${TEXT}\n- PeterNeumann ${PETER_SIG}\n`],
  ['another line among the signatures', `${TEXT}\n${peterLine}Unexpected line.\n`],
  ['base64 without padding', `${TEXT}\n— PeterNeumann ${PETER_SIG.slice(0, -1)}\n`],
  ['a signature that is a key id alone', `${TEXT}\n— PeterNeumann ${toBase64(new Uint8Array(4))}\n`],
] as const) {
  test(`a note is refused: ${what}`, () => {
    assert.throws(() => open(text, peter), { code: 'bad-note' });
  });
}

test('bytes that are not UTF-8, too many signatures and too many bytes are refused', () => {
  const bytes = toUtf8(`${TEXT}\n${peterLine}`);
  bytes[0] = 0xff;
  assert.throws(() => parseNote(bytes), { code: 'bad-note' });
  assert.equal(parseNote(toUtf8(`${TEXT}\n${enochLine.repeat(100)}`)).signatures.length, 100);
  assert.throws(() => parseNote(toUtf8(`${TEXT}\n${enochLine.repeat(101)}`)), { code: 'too-large' });
  assert.throws(() => parseNote(new Uint8Array(512 * 1024 + 1)), { code: 'too-large' });
});

test('a text may hold empty lines: the last one parts it from the signatures', () => {
  const key = generateKey('quasimodo.example/salvatore');
  const poem = 'Ognuno sta solo\ntrafitto da un raggio di sole:\n\ned è subito sera.\n';
  const note = signNote(poem, [key]);
  assert.equal(openNote(note, [noteVerifier(key.vkey, verifyEd25519)]).text, poem);
  assert.throws(() => signNote('no newline', [key]), { code: 'bad-note' });
});

test('what is written is read back, and what is read is written back', () => {
  const line = fc.string({ maxLength: 20, unit: 'grapheme' }).filter((text) => !/\p{Cc}/u.test(text));
  const signature = fc.record(
    {
      name: fc
        .string({ minLength: 1, maxLength: 12, unit: 'grapheme' })
        .filter((name) => !/[\p{White_Space}\p{Cc}+]/u.test(name)),
      keyId: fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => Buffer.from(bytes).toString('hex')),
      signature: fc.uint8Array({ minLength: 1, maxLength: 70 }),
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(
      fc.array(line, { minLength: 1, maxLength: 6 }),
      fc.array(signature, { minLength: 1, maxLength: 4 }),
      (lines, signatures) => {
        const note = { text: `${lines.join('\n')}\n`, signatures };
        assert.deepEqual(parseNote(formatNote(note)), note);
      },
    ),
  );
});

test('any bytes are a note or are refused by a NoteError', () => {
  const good = toUtf8(`${TEXT}\n${peterLine}${enochLine}`);
  const judged = (bytes: Uint8Array) => {
    try {
      const note = parseNote(bytes);
      assert.deepEqual(formatNote(note), Uint8Array.from(bytes));
    } catch (error) {
      assert.ok(error instanceof NoteError, String(error));
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), judged));
  fc.assert(
    fc.property(fc.nat({ max: good.length - 1 }), fc.nat({ max: 255 }), (at, byte) => {
      const changed = good.slice();
      changed[at] = byte;
      judged(changed);
    }),
  );
});

test('a line by a stranger whose name Unicode calls no space is ignored, whatever the machine calls it', () => {
  const name = 'wit\ufeffness';
  const line = `— ${name} ${Buffer.from([1, 2, 3, 4, 5]).toString('base64')}\n`;
  const { signatures } = parseNote(toUtf8(`${TEXT}\n${peterLine}${line}`));
  assert.deepEqual(
    signatures.map((signature) => signature.name),
    [parseNote(toUtf8(`${TEXT}\n${peterLine}`)).signatures[0]?.name, name],
  );
  assert.throws(() => parseNote(toUtf8(`${TEXT}\n${line.replace('\ufeff', '\u2003')}`)), {
    code: 'bad-note',
  });
});
