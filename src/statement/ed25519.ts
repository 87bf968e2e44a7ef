import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { concatBytes, fromHex, toHex } from '../bytes/index.ts';
import { isStrictPublicKey, isStrictSignature } from './ed25519-encoding.ts';

/** DER before the 32 key bytes of an Ed25519 SubjectPublicKeyInfo (RFC 8410 §4). */
const SPKI_PREFIX = fromHex('302a300506032b6570032100');
/** Key objects kept; making one costs about as much as half a verification. */
const MOST_KEYS = 4096;

const keys = new Map<string, KeyObject>();

/**
 * Verifies an Ed25519 signature by the one rule of this network (RFC 8032 §5.1.7, made strict): key and R in
 * canonical encoding and not of small order, S < L, and the equation without cofactor, S·B = R + k·A.
 *
 * OpenSSL checks S < L and the equation without cofactor, since it recomputes R and compares bytes. What it
 * takes of keys of small order and of keys whose y is not reduced differs by version; here none passes.
 *
 * @param publicKey 32 bytes
 * @param signature 64 bytes
 */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return verifyEd25519ByName(toHex(publicKey), message, signature);
}

/** The same for who has the public key in lower-case hex, by which its key object is kept. */
export function verifyEd25519ByName(key: string, message: Uint8Array, signature: Uint8Array): boolean {
  const object = keyObject(key);
  if (object === undefined || !isStrictSignature(signature)) return false;
  return verify(null, message, object, signature);
}

/** A strict key as OpenSSL takes it, from a cache of {@link MOST_KEYS} (oldest out first). */
function keyObject(name: string): KeyObject | undefined {
  const known = keys.get(name);
  if (known !== undefined) return known;
  const publicKey = fromHex(name);
  if (!isStrictPublicKey(publicKey)) return undefined;
  let made: KeyObject;
  try {
    made = createPublicKey({
      key: Buffer.from(concatBytes(SPKI_PREFIX, publicKey)),
      format: 'der',
      type: 'spki',
    });
  } catch {
    return undefined; // these 32 bytes are no key, so nothing was signed by it
  }
  if (keys.size >= MOST_KEYS) {
    const oldest = keys.keys().next();
    if (oldest.done !== true) keys.delete(oldest.value);
  }
  keys.set(name, made);
  return made;
}
