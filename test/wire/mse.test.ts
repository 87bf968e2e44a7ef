// Message stream encryption without sockets: RC4 against published vectors, both sides against each other.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { brandBytes, concatBytes, fromHex, toHex } from '../../src/bytes/index.ts';
import { createMseKeys, sha1 } from '../../src/swarm/connection/key-exchange.ts';
import {
  MSE_KEY_BYTES,
  MSE_PLAIN,
  MSE_RC4,
  MseInitiator,
  MseResponder,
  type MseStep,
  mseRequestHash,
  type SwarmHash,
} from '../../src/wire/index.ts';
import { maskRequestHash, mseCiphers, mseSyncHash } from '../../src/wire/mse.ts';
import { Rc4 } from '../../src/wire/rc4.ts';

const HASH: SwarmHash = brandBytes('TruncatedInfoHash', randomBytes(20));
const BOTH = MSE_PLAIN | MSE_RC4;

/** Keys, offsets, and the key stream there (RFC 6229 §2). */
const VECTORS: readonly (readonly [string, number, string])[] = [
  ['0102030405', 0, 'b2396305f03dc027ccc3524a0a1118a8'],
  ['0102030405', 1024, '30abbcc7c20b01609f23ee2d5f6bb7df'],
  ['0102030405060708', 0, '97ab8a1bf0afb96132f2f67258da15a8'],
];

for (const [key, offset, expected] of VECTORS) {
  test(`RC4 has the key stream of RFC 6229 for ${key} at ${offset}`, () => {
    const stream = new Uint8Array(16);
    new Rc4(fromHex(key)).skip(offset).apply(stream, stream);
    assert.equal(toHex(stream), expected);
  });
}

test('the shared secret is the same on both sides and of full length, for many keys', () => {
  for (let run = 0; run < 300; run += 1) {
    const [a, b] = [createMseKeys(), createMseKeys()];
    assert.equal(a.publicKey.length, MSE_KEY_BYTES);
    const secret = a.secretWith(b.publicKey);
    assert.equal(secret.length, MSE_KEY_BYTES);
    assert.equal(toHex(secret), toHex(b.secretWith(a.publicKey)));
  }
});

function responderFor(parts: { select?: number; padB?: Uint8Array; padD?: Uint8Array } = {}): MseResponder {
  const known = toHex(mseRequestHash(sha1, HASH));
  return new MseResponder({
    keys: createMseKeys(),
    sha1,
    find: (requestHash) => (toHex(requestHash) === known ? HASH : undefined),
    select: (provide) => provide & (parts.select ?? MSE_RC4),
    padB: parts.padB ?? new Uint8Array(0),
    padD: parts.padD ?? new Uint8Array(0),
  });
}

/** Feeds bytes in pieces of the given sizes, over and over; one step of it all. */
function feed(machine: { push(chunk: Uint8Array): MseStep }, bytes: Uint8Array, sizes: readonly number[]) {
  let send: Uint8Array = new Uint8Array(0);
  let rest: Uint8Array = new Uint8Array(0);
  let result: MseStep['result'];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const chunk = bytes.subarray(at, at + (sizes[turn % sizes.length] as number));
    at += chunk.length;
    if (result) {
      const plain = chunk.slice();
      result.cipher?.receive.apply(plain, plain);
      rest = concatBytes(rest, plain);
      continue;
    }
    const step = machine.push(chunk);
    send = concatBytes(send, step.send);
    ({ result } = step);
    if (result) ({ rest } = result);
  }
  return { send, rest, result };
}

test('any paddings, payload and way to cut the bytes give both sides the same connection', () => {
  const pad = fc.uint8Array({ maxLength: 512 });
  const sizes = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 6 });
  const bits = fc.constantFrom(MSE_PLAIN, MSE_RC4);
  fc.assert(
    fc.property(
      fc.tuple(pad, pad, pad, pad),
      fc.uint8Array({ maxLength: 300 }),
      fc.uint8Array({ minLength: 1, maxLength: 300 }),
      bits,
      sizes,
      ([padA, padB, padC, padD], payload, answer, select, cuts) => {
        const parts = { keys: createMseKeys(), sha1, infoHash: HASH, provide: BOTH, payload, padA, padC };
        const initiator = new MseInitiator(parts);
        const responder = responderFor({ select, padB, padD });
        const hello = feed(responder, initiator.start(), cuts);
        const question = feed(initiator, hello.send, cuts);
        const reply = feed(responder, question.send, cuts);
        assert.deepEqual(reply.result?.infoHash, HASH);
        assert.deepEqual(reply.rest, payload);
        assert.equal(reply.result.cipher !== undefined, select === MSE_RC4);
        const hidden = answer.slice();
        reply.result.cipher?.send.apply(hidden, hidden);
        const end = feed(initiator, concatBytes(reply.send, hidden), cuts);
        assert.deepEqual(end.rest, answer);
        assert.equal(end.result?.cipher !== undefined, select === MSE_RC4);
        const back = payload.slice();
        end.result?.cipher?.send.apply(back, back);
        reply.result.cipher?.receive.apply(back, back);
        assert.deepEqual(back, payload);
      },
    ),
    { numRuns: 60 },
  );
});

/** What a connecting side sends after its key, with fields of its own. */
function question(
  responderKey: Uint8Array,
  keys: ReturnType<typeof createMseKeys>,
  { constant = 0, provide = 2, padC = 0, payload = 0, infoHash = HASH as Uint8Array },
): Uint8Array {
  const secret = keys.secretWith(responderKey);
  const hidden = Buffer.alloc(16 + padC);
  hidden.writeUInt8(constant, 7);
  hidden.writeUInt32BE(provide, 8);
  hidden.writeUInt16BE(padC, 12);
  hidden.writeUInt16BE(payload, 14 + padC);
  mseCiphers(sha1, secret, infoHash, 'connecting').send.apply(hidden, hidden);
  const masked = maskRequestHash(sha1, mseRequestHash(sha1, infoHash), secret);
  return concatBytes(mseSyncHash(sha1, secret), masked, hidden);
}

const REFUSED: readonly (readonly [string, Parameters<typeof question>[2], RegExp])[] = [
  ['a PadC that is too long', { padC: 513 }, /PadC of 513 bytes is longer than 512/],
  ['an initial payload that is too long', { payload: 65_535 }, /payload of 65535 bytes is longer than 4096/],
  ['a torrent that is not here', { infoHash: randomBytes(20) }, /a torrent that is not here/],
  ['a verification constant that is none', { constant: 1 }, /verification constant is not zero/],
  ['nothing that will do', { provide: 4 }, /crypto_provide 4 will not do/],
];

for (const [what, fields, message] of REFUSED) {
  test(`the listening side refuses ${what}`, () => {
    const keys = createMseKeys();
    const responder = responderFor({ select: BOTH });
    const { send } = responder.push(keys.publicKey);
    assert.throws(() => responder.push(question(send, keys, fields)), { code: 'bad-encryption', message });
  });
}

test('the listening side takes the longest PadC', () => {
  const keys = createMseKeys();
  const responder = responderFor();
  const { send } = responder.push(keys.publicKey);
  assert.ok(responder.push(question(send, keys, { padC: 512 })).result);
});

test('either side gives up a search that finds nothing, after so many bytes', () => {
  const noise = randomBytes(4096);
  const responder = responderFor();
  const given = assertGivesUp(responder, concatBytes(createMseKeys().publicKey, noise));
  assert.ok(given <= MSE_KEY_BYTES + 512 + 20, `${given} bytes`);
  const keys = createMseKeys();
  const none = new Uint8Array(0);
  const parts = { sha1, infoHash: HASH, provide: BOTH, payload: none, padA: none, padC: none };
  const initiator = new MseInitiator({ ...parts, keys });
  const taken = assertGivesUp(initiator, concatBytes(createMseKeys().publicKey, noise));
  assert.ok(taken <= MSE_KEY_BYTES + 512 + 8, `${taken} bytes`);
});

/** Feeds byte by byte; how many it took until it threw. */
function assertGivesUp(machine: { push(chunk: Uint8Array): MseStep }, bytes: Uint8Array): number {
  for (let at = 0; at < bytes.length; at += 1) {
    try {
      machine.push(bytes.subarray(at, at + 1));
    } catch (error) {
      assert.equal((error as { code: string }).code, 'bad-encryption');
      return at + 1;
    }
  }
  return assert.fail('it went on');
}

test('the connecting side refuses a selection that it did not provide, and a PadD that is too long', () => {
  for (const [select, padD] of [
    [MSE_PLAIN, 0],
    [BOTH, 0],
    [0, 0],
    [MSE_RC4, 513],
  ] as const) {
    const keys = createMseKeys();
    const theirs = createMseKeys();
    const none = new Uint8Array(0);
    const parts = { sha1, infoHash: HASH, provide: MSE_RC4, payload: none, padA: none, padC: none };
    const initiator = new MseInitiator({ ...parts, keys });
    initiator.push(theirs.publicKey);
    const hidden = Buffer.alloc(14);
    hidden.writeUInt32BE(select, 8);
    hidden.writeUInt16BE(padD, 12);
    mseCiphers(sha1, theirs.secretWith(keys.publicKey), HASH, 'listening').send.apply(hidden, hidden);
    assert.throws(() => initiator.push(hidden), { code: 'bad-encryption' });
  }
});

test('keys that are none are refused: zero, one, the prime itself', () => {
  const one = new Uint8Array(MSE_KEY_BYTES);
  one[MSE_KEY_BYTES - 1] = 1;
  const prime = fromHex(
    'ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404dd' +
      'ef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a63a36210000000000090563',
  );
  for (const key of [new Uint8Array(MSE_KEY_BYTES), one, prime]) {
    assert.throws(() => responderFor().push(key), { code: 'bad-encryption' });
  }
});

test('any bytes lead to a WireError or to waiting, never to a result', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 600 }), { maxLength: 8 }), (chunks) => {
      const responder = responderFor();
      for (const chunk of chunks) {
        try {
          assert.equal(responder.push(chunk).result, undefined);
        } catch (error) {
          assert.equal((error as { code: string }).code, 'bad-encryption');
          return;
        }
      }
    }),
    { numRuns: 100 },
  );
});
