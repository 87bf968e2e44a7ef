import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ml_dsa44 } from '@noble/post-quantum/ml-dsa.js';
import { concatBytes, fromBase64, toHex, toUtf8 } from '../../src/bytes/index.ts';
import {
  cosignatureTimestamp,
  cosignatureVerifier,
  cosignedMessage,
  encodeCosignature,
  formatCheckpoint,
  formatCosignerVkey,
  formatNote,
  NoteError,
  noteVerifier,
  openCosignedCheckpoint,
  openNote,
  parseCosignerVkey,
  signNote,
} from '../../src/note/index.ts';
import { generateKey, verifyEd25519, verifyMlDsa44 } from '../../src/statement/index.ts';

interface RealCheckpoints {
  readonly checkpoints: readonly { readonly note: string; readonly vkeys: readonly string[] }[];
}

const REAL = JSON.parse(
  readFileSync(new URL('vectors/cosigned-checkpoints.json', import.meta.url), 'utf8'),
) as RealCheckpoints;
const NODE = { ed25519: verifyEd25519, mlDsa44: verifyMlDsa44 };
const EMPTY = new Uint8Array(32).fill(7);
/** As a browser has it. */
const NOBLE = {
  ed25519: verifyEd25519,
  mlDsa44: (key: Uint8Array, message: Uint8Array, signature: Uint8Array) =>
    ml_dsa44.verify(signature, message, key),
};

/** A verifier for whatever type of key. */
function verifierOf(vkey: string, verify: typeof NODE) {
  const isPlain = /^[^+]+\+[0-9a-f]{8}\+A/.test(vkey); // type 1
  return isPlain ? noteVerifier(vkey, verify.ed25519) : cosignatureVerifier(vkey, verify);
}

for (const [at, { note, vkeys }] of REAL.checkpoints.entries()) {
  for (const [name, verify] of Object.entries({ node: NODE, noble: NOBLE })) {
    test(`real checkpoint ${at} is cosigned by the real witnesses (${name})`, () => {
      const verifiers = vkeys.map((vkey) => verifierOf(vkey, verify));
      const opened = openNote(toUtf8(note), verifiers);
      assert.equal(opened.verified.length, vkeys.length);
      for (const vkey of vkeys) {
        const other = note.replace(/^\d+$/m, '42');
        assert.throws(() => openNote(toUtf8(other), [verifierOf(vkey, verify)]), { code: 'bad-signature' });
      }
    });
  }
}

test('real cosignatures say when they were made', () => {
  const [first] = REAL.checkpoints;
  assert.ok(first);
  const cosigner = first.vkeys.filter((vkey) => vkey.startsWith('remora.'));
  const log = first.vkeys.find((vkey) => !vkey.startsWith('remora.')) ?? '';
  const { checkpoint, cosigners } = openCosignedCheckpoint(toUtf8(first.note), log, cosigner, NODE);
  assert.equal(checkpoint.size, 1_432_088_532);
  assert.deepEqual(
    cosigners.map(({ timestamp }) => timestamp),
    [1_779_573_024],
  );
  // From the tests of transparency-dev/formats, note_cosigv1_test.go.
  const line =
    'ZGhGuQAAAABm/qTPeyKXD+R2rzyQsxPiP8mXum7qq/iF0u4vanlqJyocWODBt97w9uL+8qT7S5gxEHWWOworDcFiEBYJXORmnFBOBA==';
  assert.equal(cosignatureTimestamp(fromBase64(line).subarray(4)), 1_727_964_367);
});

test('the signed messages are byte for byte those of the specification', () => {
  const text = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n';
  assert.equal(
    Buffer.from(
      cosignedMessage({ name: 'w', algorithm: 'ed25519' }, `${text}more\n`, 1_679_315_147),
    ).toString(),
    `cosignature/v1\ntime 1679315147\n${text}more\n`,
  );
  assert.equal(
    toHex(cosignedMessage({ name: 'w1', algorithm: 'ml-dsa-44' }, `${text}more\n`, 1_679_315_147)),
    [
      '737562747265652f76310a00', // "subtree/v1\n\0"
      '027731',
      '00000000641850cb',
      '1b6578616d706c652e636f6d2f626568696e642d7468652d736f6661',
      '0000000000000000',
      '00000000013e2dc3',
      '0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62',
    ].join(''),
  );
  for (const timestamp of [0, -1, 1.5, 2 ** 53]) {
    assert.throws(() => cosignedMessage({ name: 'w', algorithm: 'ed25519' }, text, timestamp), {
      code: 'bad-cosignature',
    });
  }
});

test('both algorithms sign, one note holds both, and Node and noble agree on ML-DSA-44', () => {
  const log = generateKey('example.com/log');
  const text = formatCheckpoint({
    origin: log.name,
    size: 7,
    root: new Uint8Array(32).fill(3),
    extensions: [],
  });
  const plain = generateKey('w.example/ed');
  const edVkey = formatCosignerVkey('w.example/ed', 'ed25519', Buffer.from(plain.key, 'hex'));
  const pair = generateKeyPairSync('ml-dsa-44');
  const publicKey = pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-1312);
  const mlVkey = formatCosignerVkey('w.example/ml', 'ml-dsa-44', publicKey);
  const edMessage = cosignedMessage({ name: 'w.example/ed', algorithm: 'ed25519' }, text, 1000);
  const mlMessage = cosignedMessage({ name: 'w.example/ml', algorithm: 'ml-dsa-44' }, text, 1001);
  const lines = [
    { ...parseCosignerVkey(edVkey), signature: encodeCosignature(1000, plain.sign(edMessage)) },
    {
      ...parseCosignerVkey(mlVkey),
      signature: encodeCosignature(1001, sign(null, mlMessage, pair.privateKey)),
    },
  ];
  const note = signNote(text, [log], lines);
  for (const verify of [NODE, NOBLE]) {
    const opened = openCosignedCheckpoint(note, log.vkey, [mlVkey, edVkey], verify);
    assert.deepEqual(
      opened.cosigners.map(({ vkey, timestamp }) => [vkey, timestamp]),
      [
        [edVkey, 1000],
        [mlVkey, 1001],
      ],
    );
  }
  // A cosignature with another time, and one by the right key for another name, are wrong.
  const moved = signNote(
    text,
    [log],
    [{ ...lines[0]!, signature: encodeCosignature(999, plain.sign(edMessage)) }],
  );
  assert.throws(() => openCosignedCheckpoint(moved, log.vkey, [edVkey], NODE), { code: 'bad-signature' });
  const renamed = formatCosignerVkey('w.example/other', 'ml-dsa-44', publicKey);
  const other = { ...lines[1]!, ...parseCosignerVkey(renamed), signature: lines[1]!.signature };
  assert.throws(() => openCosignedCheckpoint(signNote(text, [log], [other]), log.vkey, [renamed], NODE), {
    code: 'bad-signature',
  });
  // Cosignatures without the log's own signature are worth nothing.
  const alone = formatNote({ text, signatures: lines });
  assert.throws(() => openCosignedCheckpoint(alone, log.vkey, [edVkey], NODE), { code: 'unsigned' });
});

test('vkeys of cosigners: published ones are read, others refused', () => {
  const remora = 'remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2';
  const key = parseCosignerVkey(remora);
  assert.deepEqual([key.name, key.algorithm, key.keyId], ['remora.n621.de', 'ed25519', 'da77ade7']);
  assert.equal(formatCosignerVkey(key.name, key.algorithm, key.publicKey), remora);
  const bad = [
    generateKey('plain').vkey, // type 1
    remora.replace('da77', 'da78'),
    'bananas.sigstore.dev+12344556',
    'rekor.sigstore.dev+12345678+THIS_IS_NOT_BASE64!',
    'rekor.sigstore.dev+12345678+AwEB',
    `w+${'0'.repeat(8)}+`,
    `w+00000000+${'A'.repeat(5000)}`,
  ];
  for (const vkey of bad) assert.throws(() => parseCosignerVkey(vkey), NoteError, vkey.slice(0, 80));
  assert.throws(() => formatCosignerVkey('w', 'ml-dsa-44', new Uint8Array(32)), { code: 'bad-vkey' });
});

test('timestamps beyond 2^53 and signatures of another length are refused, not rounded', () => {
  assert.throws(() => cosignatureTimestamp(new Uint8Array(72).fill(255)), { code: 'bad-cosignature' });
  assert.throws(() => cosignatureTimestamp(new Uint8Array(7)), { code: 'bad-cosignature' });
  const plain = generateKey('w');
  const vkey = formatCosignerVkey('w', 'ed25519', Buffer.from(plain.key, 'hex'));
  const text = `o\n1\n${Buffer.alloc(32).toString('base64')}\n`;
  const good = encodeCosignature(
    5,
    plain.sign(cosignedMessage({ name: 'w', algorithm: 'ed25519' }, text, 5)),
  );
  const verifier = cosignatureVerifier(vkey, NODE);
  assert.equal(verifier.verify(toUtf8(text), good), true);
  assert.equal(verifier.verify(toUtf8(text), concatBytes(good, Uint8Array.of(0))), false);
  assert.equal(verifier.verify(toUtf8(text), good.subarray(0, 71)), false);
  assert.equal(verifier.verify(toUtf8('no checkpoint\n'), good), false);
  const endless = concatBytes(new Uint8Array(8).fill(255), good.subarray(8));
  assert.equal(verifier.verify(toUtf8(text), endless), false);
});

test('a cosignature is over the very bytes: a mark of byte order before them is another text', () => {
  const text = formatCheckpoint({ origin: 'example.com/log', size: 0, root: EMPTY, extensions: [] });
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32));
  const verifier = cosignatureVerifier(formatCosignerVkey('w.example/w', 'ed25519', raw), NODE);
  const message = cosignedMessage({ name: 'w.example/w', algorithm: 'ed25519' }, text, 1_700_000_000);
  const bytes = encodeCosignature(1_700_000_000, sign(null, message, privateKey));
  assert.equal(verifier.verify(toUtf8(text), bytes), true);
  assert.equal(verifier.verify(toUtf8(`\ufeff${text}`), bytes), false);
  assert.equal(verifier.verify(Uint8Array.of(0xff, 0x0a), bytes), false);
});
