import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concatBytes } from '../../../src/bytes/index.ts';
import { isStrictPublicKey, isStrictSignature } from '../../../src/statement/browser.ts';

const { Point } = ed25519;
/** The order of the base point (RFC 8032 §5.1). */
const ORDER = Point.Fn.ORDER;

/**
 * Verifies Ed25519 by the strict rule that the whole network follows, without WebCrypto; about 2 ms. `verify` of
 * @noble/curves multiplies by the cofactor and so takes signatures that OpenSSL refuses: here its points are used, and
 * the equation without cofactor, S·B − k·A = R.
 *
 * @param publicKey 32 bytes
 * @param signature 64 bytes
 */
export function verifyPortably(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (!isStrictPublicKey(publicKey) || !isStrictSignature(signature)) return false;
  const encodedR = signature.subarray(0, 32);
  const key = pointOf(publicKey);
  const point = pointOf(encodedR);
  if (key === undefined || point === undefined) return false;
  const k = littleEndian(sha512(concatBytes(encodedR, publicKey, message))) % ORDER;
  const s = littleEndian(signature.subarray(32));
  return Point.BASE.multiplyUnsafe(s).subtract(key.multiplyUnsafe(k)).equals(point);
}

/** A point of the curve; nothing when these 32 bytes are none. */
function pointOf(encoded: Uint8Array) {
  try {
    return Point.fromBytes(Uint8Array.from(encoded));
  } catch {
    return undefined; // y has no x on the curve: nobody has this key, and nobody made this R
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
