import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encode } from '../../src/bencode/index.ts';
import { brandBytes, toHex } from '../../src/bytes/index.ts';
import {
  challengeText,
  encodeIdentityMessage,
  mappedAddress,
  parseIdentityMessage,
  proofText,
  WireError,
} from '../../src/wire/index.ts';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const challenges = fc.record({
  type: fc.constant('challenge' as const),
  key: bytes(32),
  nonce: bytes(32),
  address: bytes(16),
  port: fc.integer({ min: 1, max: 65_535 }),
  signature: bytes(64),
});
const proofs = fc.record({ type: fc.constant('proof' as const), key: bytes(32), signature: bytes(64) });
const refusals = fc.record({
  type: fc.constant('refusal' as const),
  reason: fc.constantFrom('version', 'signature', 'verifier', 'address', 'busy'),
});
const whole = encodeIdentityMessage({
  type: 'challenge',
  key: new Uint8Array(32).fill(1),
  nonce: new Uint8Array(32).fill(2),
  address: mappedAddress('192.0.2.7') as Uint8Array,
  port: 6881,
  signature: new Uint8Array(64).fill(3),
});

test('messages come back as they were written', () => {
  fc.assert(
    fc.property(fc.oneof(challenges, proofs, refusals), (message) => {
      assert.deepEqual(parseIdentityMessage(encodeIdentityMessage(message)), { ...message });
    }),
  );
});

test('a challenge is one bencoded dictionary', () => {
  const text = Buffer.from(whole).toString('latin1');
  assert.equal(whole.length, 212);
  const address = `${'\0'.repeat(10)}\xff\xff\xc0\0\x02\x07`;
  const fields = [
    `4:addr16:${address}`,
    `3:key32:${'\x01'.repeat(32)}`,
    '8:msg_typei0e',
    `5:nonce32:${'\x02'.repeat(32)}`,
    '4:porti6881e',
    `3:sig64:${'\x03'.repeat(64)}`,
    '1:vi1e',
  ];
  assert.equal(text, `d${fields.join('')}e`);
});

test('any bytes are read or refused by name', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), fc.nat(whole.length), fc.nat(255), (noise, at, byte) => {
      const flipped = whole.slice();
      flipped[at % flipped.length] = byte;
      for (const payload of [noise, flipped, flipped.subarray(0, at)]) {
        try {
          parseIdentityMessage(payload);
        } catch (error) {
          assert.ok(error instanceof WireError, String(error));
          assert.equal(error.code, 'bad-identity-message');
        }
      }
    }),
  );
});

test('fields that are missing, of another length or out of range are refused; unknown keys are passed over', () => {
  const good = {
    msg_type: 0,
    v: 1,
    key: new Uint8Array(32),
    nonce: new Uint8Array(32),
    addr: new Uint8Array(16),
    port: 1,
    sig: new Uint8Array(64),
  };
  assert.equal(parseIdentityMessage(encode({ ...good, more: 'later' }))?.type, 'challenge');
  for (const [key, value] of [
    ['key', new Uint8Array(31)],
    ['nonce', new Uint8Array(33)],
    ['addr', new Uint8Array(4)],
    ['addr', 7],
    ['port', 0],
    ['port', 65_536],
    ['port', -1],
    ['port', undefined],
    ['sig', new Uint8Array(65)],
    ['sig', undefined],
    ['v', undefined],
    ['msg_type', undefined],
    ['more', new Uint8Array(400)],
  ] as const) {
    assert.throws(() => parseIdentityMessage(encode({ ...good, [key]: value })), {
      code: 'bad-identity-message',
    });
  }
});

test('other versions, types and reasons do not break what is to come', () => {
  assert.deepEqual(parseIdentityMessage(encode({ msg_type: 0, v: 2 })), {
    type: 'other-version',
    version: 2,
  });
  assert.equal(parseIdentityMessage(encode({ msg_type: 3, v: 1 })), undefined);
  const refusal = { type: 'refusal', reason: undefined };
  assert.deepEqual(parseIdentityMessage(encode({ msg_type: 2, v: 1, reason: 'because' })), refusal);
  assert.deepEqual(parseIdentityMessage(encode({ msg_type: 2, v: 1 })), refusal);
});

test('what is signed has one form, byte for byte', () => {
  const id = (fill: number) => brandBytes('PeerId', new Uint8Array(20).fill(fill));
  const challenge = {
    key: new Uint8Array(32).fill(1),
    nonce: new Uint8Array(32).fill(2),
    address: mappedAddress('192.0.2.7') as Uint8Array,
    port: 6881,
  };
  const connection = {
    infoHash: brandBytes('InfoHashV2', new Uint8Array(32).fill(4)),
    verifierId: id(5),
    seederId: id(6),
  };
  const text = challengeText(challenge, connection);
  assert.equal(
    toHex(text),
    toHex(Buffer.from('bitquorum/identity/challenge/v1\0')) +
      '01'.repeat(32) +
      '02'.repeat(32) +
      '00000000000000000000ffffc0000207' +
      '1ae1' +
      '04'.repeat(32) +
      '05'.repeat(20) +
      '06'.repeat(20),
  );
  const proof = proofText(new Uint8Array(32).fill(7), new Uint8Array(32).fill(8));
  assert.equal(
    toHex(proof),
    toHex(Buffer.from('bitquorum/identity/proof/v1\0')) + '07'.repeat(32) + '08'.repeat(32),
  );
});

test('addresses have one form of 16 bytes, zones have none', () => {
  const hex = (host: string) => toHex(mappedAddress(host) ?? new Uint8Array(0));
  assert.equal(hex('192.0.2.7'), '00000000000000000000ffffc0000207');
  assert.equal(hex('::ffff:192.0.2.7'), hex('192.0.2.7'));
  assert.equal(hex('fe80::1%eth0'), 'fe800000000000000000000000000001');
  assert.equal(hex('builder.example'), '');
});
