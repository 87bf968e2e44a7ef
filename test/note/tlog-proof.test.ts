import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { toUtf8 } from '../../src/bytes/index.ts';
import {
  formatCheckpoint,
  formatTlogProof,
  NoteError,
  parseTlogProof,
  signNote,
} from '../../src/note/index.ts';
import { generateKey } from '../../src/statement/index.ts';

const LOG = generateKey('example.com/fancylog');
const CHECKPOINT = signNote(
  formatCheckpoint({ origin: LOG.name, size: 109_482, root: new Uint8Array(32).fill(9), extensions: [] }),
  [LOG],
);
const NOTE = Buffer.from(CHECKPOINT).toString();
const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
const HEAD = 'c2sp.org/tlog-proof@v1\n';

test('proofs are written as the specification has them, and read back', () => {
  // The cases of transparency-dev/formats, proof/tlog_proof_test.go, with a checkpoint that is one.
  const h1 = hash('hash1').toString('base64');
  const h2 = hash('hash2').toString('base64');
  const extra = toUtf8('extra information');
  const cases = [
    [{ index: 5, hashes: [hash('hash1'), hash('hash2')] }, `${HEAD}index 5\n${h1}\n${h2}\n\n${NOTE}`],
    [
      { index: 10, hashes: [hash('hash1')], extra },
      `${HEAD}extra ZXh0cmEgaW5mb3JtYXRpb24=\nindex 10\n${h1}\n\n${NOTE}`,
    ],
    [{ index: 0, hashes: [] }, `${HEAD}index 0\n\n${NOTE}`],
  ] as const;
  for (const [proof, text] of cases) {
    assert.equal(Buffer.from(formatTlogProof({ ...proof, checkpoint: CHECKPOINT })).toString(), text);
    const parsed = parseTlogProof(toUtf8(text));
    assert.equal(parsed.index, proof.index);
    assert.deepEqual(
      parsed.hashes.map((each) => Buffer.from(each)),
      [...proof.hashes],
    );
    assert.deepEqual(parsed.extra, 'extra' in proof ? proof.extra : undefined);
    assert.deepEqual(Buffer.from(parsed.checkpoint), Buffer.from(CHECKPOINT));
  }
});

test('whatever is not the one form is refused', () => {
  const wrong = [
    '',
    HEAD,
    `wrong-header\nindex 0\n\n${NOTE}`,
    `c2sp.org/tlog-proof@v2\nindex 0\n\n${NOTE}`,
    `${HEAD}extra !!notbase64!!\nindex 0\n\n${NOTE}`,
    `${HEAD}extra \nindex 0\n\n${NOTE}`,
    `${HEAD}\n\n${NOTE}`,
    `${HEAD}index notanumber\n\n${NOTE}`,
    `${HEAD}index -5\n\n${NOTE}`,
    `${HEAD}index 05\n\n${NOTE}`,
    `${HEAD}index  5\n\n${NOTE}`,
    `${HEAD}index 9007199254740992\n\n${NOTE}`,
    `${HEAD}index 0\n!!notbase64!!\n\n${NOTE}`,
    `${HEAD}index 0\n${Buffer.alloc(64).toString('base64')}\n\n${NOTE}`,
    `${HEAD}index 0\nextra AAAA\n\n${NOTE}`,
    `${HEAD}index 0\n${`${hash('a').toString('base64')}\n`.repeat(64)}\n${NOTE}`,
    `${HEAD}index 0\n\nno checkpoint at all\n`,
    `${HEAD}index 0\r\n\r\n${NOTE}`,
  ];
  for (const text of wrong) assert.throws(() => parseTlogProof(toUtf8(text)), NoteError, text.slice(0, 60));
  assert.throws(() => parseTlogProof(Uint8Array.of(0xff, 0xfe)), { code: 'bad-proof' });
});

test('sizes are bounded before anything is decoded', () => {
  const limits = { noteBytes: 1000, signatures: 4, extraBytes: 30 };
  assert.throws(() => parseTlogProof(new Uint8Array(6000), limits), { code: 'too-large' });
  const big = `${HEAD}extra ${Buffer.alloc(31).toString('base64')}\nindex 0\n\n${NOTE}`;
  assert.throws(() => parseTlogProof(toUtf8(big), limits), { code: 'too-large' });
});

test('what is written is read back; no bytes end in anything but a proof or a NoteError', () => {
  const aHash = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(
      fc.maxSafeNat(),
      fc.array(aHash, { maxLength: 63 }),
      fc.uint8Array({ minLength: 1 }),
      (index, hashes, extra) => {
        const bytes = formatTlogProof({ index, hashes, extra, checkpoint: CHECKPOINT });
        assert.deepEqual(formatTlogProof(parseTlogProof(bytes)), bytes);
      },
    ),
    { numRuns: 50 },
  );
  const whole = Buffer.from(`${HEAD}index 0\n\n${NOTE}`);
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
      const changed = Buffer.from(whole);
      changed[at] = byte;
      try {
        parseTlogProof(changed);
      } catch (error) {
        assert.ok(error instanceof NoteError);
      }
    }),
  );
});
