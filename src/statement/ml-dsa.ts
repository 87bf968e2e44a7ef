import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { concatBytes, fromHex } from '../bytes/index.ts';

/** DER before the 1,312 key bytes of an ML-DSA-44 SubjectPublicKeyInfo (RFC 9881 §4). */
const SPKI_PREFIX = fromHex('30820532300b06096086480165030403110382052100');
const KEY_BYTES = 1312;
const SIGNATURE_BYTES = 2420;
/** Key objects kept: logs and witnesses are few. */
const MOST_KEYS = 64;

const keys = new Map<string, KeyObject>();

/**
 * Verifies a pure ML-DSA-44 signature with an empty context (FIPS 204 §5.3), as C2SP tlog-cosignature has them.
 * Bytes of another length are no signature.
 *
 * @param publicKey 1,312 bytes
 * @param signature 2,420 bytes
 */
export function verifyMlDsa44(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  return verify(null, message, keyObject(publicKey), signature);
}

function keyObject(publicKey: Uint8Array): KeyObject {
  const name = Buffer.from(publicKey).toString('latin1');
  const known = keys.get(name);
  if (known !== undefined) return known;
  const made = createPublicKey({
    key: Buffer.from(concatBytes(SPKI_PREFIX, publicKey)),
    format: 'der',
    type: 'spki',
  });
  const oldest = keys.keys().next();
  if (keys.size >= MOST_KEYS && oldest.done !== true) keys.delete(oldest.value);
  keys.set(name, made);
  return made;
}
