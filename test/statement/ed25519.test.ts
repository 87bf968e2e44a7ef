import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { concatBytes, fromHex, toUtf8 } from '../../src/bytes/index.ts';
import {
  generateKey,
  isStrictPublicKey,
  isStrictSignature,
  PrivateKey,
  verifyEd25519,
} from '../../src/statement/index.ts';
import { edgePoints, wycheproof } from './ed25519-vectors.ts';

const PRIME = 2n ** 255n - 19n;
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const message = toUtf8('a release');

for (const [name, vectors, count, good] of [
  ['the edge points of CCTV: strict encodings, no small order, no cofactor', edgePoints(), 914, 43],
  ['the Ed25519 vectors of Wycheproof', wycheproof(), 151, 88],
] as const) {
  test(name, () => {
    assert.equal(vectors.length, count);
    assert.equal(vectors.filter((vector) => vector.good).length, good);
    for (const { key, message: text, signature, good: expected, note } of vectors) {
      const given = [fromHex(key), fromHex(text), fromHex(signature)] as const;
      assert.equal(verifyEd25519(...given), expected, `${note}: ${signature}`);
    }
  });
}

test('keys and signatures that come in buffers are verified, and not written to', () => {
  for (let count = 0; count < 20; count += 1) {
    const signer = generateKey('buffers');
    const [key, signature] = [Buffer.from(signer.key, 'hex'), Buffer.from(signer.sign(message))];
    const before = Buffer.concat([key, signature]).toString('hex');
    assert.ok(verifyEd25519(key, message, signature));
    assert.equal(Buffer.concat([key, signature]).toString('hex'), before);
  }
});

test('the first vector of RFC 8032 §7.1', () => {
  const key = new PrivateKey(
    'rfc',
    fromHex('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60'),
  );
  assert.equal(key.key, 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a');
  const signature = key.sign(new Uint8Array());
  assert.deepEqual(
    signature,
    fromHex(
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    ),
  );
  assert.equal(verifyEd25519(fromHex(key.key), new Uint8Array(), signature), true);
});

test('a signature with S + L is refused', () => {
  const signer = generateKey('malleable');
  const signature = signer.sign(message);
  const s = fromLittleEndian(signature.subarray(32));
  const other = concatBytes(signature.subarray(0, 32), littleEndian(s + ORDER));
  assert.equal(verifyEd25519(fromHex(signer.key), message, signature), true);
  assert.equal(isStrictSignature(other), false);
  assert.equal(verifyEd25519(fromHex(signer.key), message, other), false);
});

test('points of small order are refused in every encoding, as key and as R', () => {
  const smallOrder = [0n, 1n, PRIME - 1n, ...orderEight()];
  for (const y of [...smallOrder, PRIME, PRIME + 1n]) {
    for (const sign of [0, 0x80]) {
      const key = littleEndian(y);
      key[31] = (key[31] as number) | sign;
      assert.equal(isStrictPublicKey(key), false, `y = ${y}, sign ${sign}`);
      assert.equal(isStrictSignature(concatBytes(key, littleEndian(1n))), false);
    }
  }
});

test('under a key of small order one signature would be good for any message: refused', () => {
  // With A of order 1 the equation is S·B = R. A public key with its secret scalar is such a pair (R, S).
  const seed = Uint8Array.from({ length: 32 }, (_, at) => at);
  const scalar = createHash('sha512').update(seed).digest().subarray(0, 32);
  scalar[0] = (scalar[0] as number) & 0xf8;
  scalar[31] = ((scalar[31] as number) & 0x7f) | 0x40;
  const point = fromHex(new PrivateKey('scalar', seed).key);
  const forged = concatBytes(point, littleEndian(fromLittleEndian(scalar) % ORDER));
  assert.equal(isStrictSignature(forged), true);
  assert.equal(verifyEd25519(littleEndian(1n), message, forged), false);
  assert.equal(verifyEd25519(littleEndian(1n), toUtf8('another release'), forged), false);
});

test('keys and points whose y is not reduced are refused', () => {
  const signer = generateKey('unreduced');
  const signature = signer.sign(message);
  for (let y = PRIME; y < 2n ** 255n; y += 1n) {
    assert.equal(isStrictPublicKey(littleEndian(y)), false);
    assert.equal(isStrictSignature(concatBytes(littleEndian(y), signature.subarray(32))), false);
  }
  assert.equal(isStrictSignature(concatBytes(littleEndian(PRIME - 2n), littleEndian(ORDER - 1n))), true);
  assert.equal(isStrictSignature(concatBytes(littleEndian(PRIME - 2n), littleEndian(ORDER))), false);
});

test('any bytes are judged and never throw; any flipped bit is refused', () => {
  const signer = generateKey('flip');
  const key = fromHex(signer.key);
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 40 }),
      fc.uint8Array({ maxLength: 70 }),
      fc.nat({ max: 511 }),
      (anyKey, anySignature, bit) => {
        assert.equal(verifyEd25519(anyKey, message, anySignature), false);
        const changed = signer.sign(message);
        changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
        assert.equal(verifyEd25519(key, message, changed), false);
      },
    ),
  );
});

/** y of the points of order 8: doubling one gives y = 0, that is x² = −y² on −x² + y² = 1 + d·x²·y². */
function orderEight(): bigint[] {
  const d = mod(-121665n * inverse(121666n));
  // With x² = −y²: 2·y² = 1 − d·y⁴, so y² = (−1 ± √(1 + d)) / d.
  const root = squareRoot(mod(1n + d));
  assert.ok(root !== undefined);
  const found = [root, PRIME - root].flatMap((each) => {
    const y = squareRoot(mod((each - 1n) * inverse(d)));
    return y === undefined ? [] : [y, PRIME - y];
  });
  assert.equal(found.length, 2);
  return found;
}

function squareRoot(value: bigint): bigint | undefined {
  const candidate = power(value, (PRIME + 3n) / 8n);
  const roots = [candidate, mod(candidate * power(2n, (PRIME - 1n) / 4n))];
  return roots.find((root) => mod(root * root) === value);
}

function mod(value: bigint): bigint {
  return ((value % PRIME) + PRIME) % PRIME;
}

function inverse(value: bigint): bigint {
  return power(mod(value), PRIME - 2n);
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let factor = mod(base), left = exponent; left > 0n; left >>= 1n, factor = mod(factor * factor)) {
    if (left & 1n) result = mod(result * factor);
  }
  return result;
}

function littleEndian(value: bigint): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: 32 }, (_, at) => Number((value >> BigInt(at * 8)) & 0xffn));
}

function fromLittleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
