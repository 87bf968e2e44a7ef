// Our envelopes under verifiers by others (sigstore-js, which checks npm provenance), and theirs under ours.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { bundleFromJSON, bundleToJSON } from '@sigstore/bundle';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
import { concatBytes, fromHex, fromUtf8, toBase64 } from '../../src/bytes/index.ts';
import {
  generateKey,
  KINDS,
  makeStatement,
  openEnvelope,
  PrivateKey,
  type Signer,
  signStatement,
  verifyEnvelope,
} from '../../src/statement/index.ts';
import { made } from '../statement/samples.ts';

/** DER before the 32 key bytes of an Ed25519 SubjectPublicKeyInfo (RFC 8410 §4). */
const SPKI_PREFIX = fromHex('302a300506032b6570032100');

const ada = generateKey('ada.example/builder');
const eve = generateKey('eve.example/builder');

/** Throws what sigstore-js has to say against an envelope that should be signed by a key, asked for by its keyid. */
function verifyWithSigstore(envelope: Uint8Array, key: Signer): void {
  const dsseEnvelope = JSON.parse(fromUtf8(envelope));
  const bundle = bundleFromJSON({
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: {
      publicKey: { hint: dsseEnvelope.signatures[0].keyid },
      tlogEntries: [],
      timestampVerificationData: { rfc3161Timestamps: [] },
    },
    dsseEnvelope,
  });
  const roots = {
    mediaType: '',
    tlogs: [],
    certificateAuthorities: [],
    ctlogs: [],
    timestampAuthorities: [],
  };
  const trusted = toTrustMaterial(roots, {
    [key.key]: {
      rawBytes: Buffer.from(concatBytes(SPKI_PREFIX, fromHex(key.key))),
      keyDetails: 7,
    },
  });
  const thresholds = { ctlogThreshold: 0, tlogThreshold: 0, timestampThreshold: 0 };
  new Verifier(trusted, thresholds).verify(toSignedEntity(bundle));
}

for (const kind of KINDS) {
  test(`sigstore-js verifies our ${kind}`, () => {
    verifyWithSigstore(signStatement(made(kind), [ada]), ada);
  });
}

test('sigstore-js refuses ours when a byte of the payload, its type or its signature is another, as we do', () => {
  const envelope = JSON.parse(fromUtf8(signStatement(made('vote'), [ada])));
  const payload = Buffer.from(envelope.payload, 'base64')
    .toString()
    .replace('1790000000000', '1790000000001');
  const sig = Buffer.from(envelope.signatures[0].sig, 'base64');
  sig[63] = (sig[63] ?? 0) ^ 1;
  for (const change of [
    { payload: toBase64(Buffer.from(payload)) },
    { payloadType: 'text/plain' },
    { signatures: [{ keyid: ada.key, sig: toBase64(sig) }] },
  ]) {
    const changed = Buffer.from(JSON.stringify({ ...envelope, ...change }));
    assert.throws(() => verifyWithSigstore(changed, ada), { code: 'SIGNATURE_ERROR' });
    if ('payloadType' in change) assert.throws(() => openEnvelope(changed), { code: 'bad-envelope' });
    else assert.deepEqual(verifyEnvelope(openEnvelope(changed)), []);
  }
  assert.throws(() => verifyWithSigstore(Buffer.from(JSON.stringify(envelope)), eve), {
    code: 'PUBLIC_KEY_ERROR',
  });
});

test('a statement that sigstore-js read and wrote again is still ours', () => {
  const statement = makeStatement(
    'takedown',
    { name: 'pkg:npm/small@1.0.0', sha256: 'ab'.repeat(32) },
    { origin: 'log.example', timeMs: 1, release: 'ab'.repeat(32), reason: 'Größe falsch' },
  );
  const envelope = signStatement(statement, [ada]);
  const bundle = bundleFromJSON({
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: { publicKey: { hint: ada.key }, tlogEntries: [] },
    dsseEnvelope: JSON.parse(fromUtf8(envelope)),
  });
  const written = bundleToJSON(bundle).dsseEnvelope;
  const opened = openEnvelope(Buffer.from(JSON.stringify(written)));
  assert.deepEqual(opened.statement, statement);
  assert.deepEqual(verifyEnvelope(opened), [ada.key]);
});

test('an envelope that go-securesystemslib signed is ours, its keys in its own order and its JSON indented', () => {
  const path = new URL('../statement/vectors/dsse-go.json', import.meta.url);
  const { envelope } = JSON.parse(readFileSync(path, 'utf8')) as { envelope: object };
  const opened = openEnvelope(Buffer.from(JSON.stringify(envelope)));
  const seed = Uint8Array.from({ length: 32 }, (_, at) => at);
  const key = new PrivateKey('counting', seed);
  assert.deepEqual(verifyEnvelope(opened), [key.key]);
  const release = 'ab'.repeat(32);
  assert.deepEqual(opened.statement, {
    kind: 'commit',
    subject: { name: 'pkg:npm/left-pad@1.3.0', sha256: release },
    predicate: {
      origin: 'tally.example/log',
      timeMs: 1_790_000_000_000,
      release,
      commitment: 'cd'.repeat(32),
    },
  });
});
