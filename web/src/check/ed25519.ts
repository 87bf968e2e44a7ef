import { isStrictPublicKey, isStrictSignature } from '../../../src/statement/browser.ts';

/** Whether `signature` (64 bytes) is that of `publicKey` (32 bytes) over `message`, by the strict rule of all. */
export type VerifySignature = (
  publicKey: Uint8Array<ArrayBuffer>,
  message: Uint8Array,
  signature: Uint8Array,
) => Promise<boolean>;

const MOST_KEYS = 4096;

/**
 * How this browser verifies Ed25519: by WebCrypto where it has that and knows the algorithm, elsewhere (plain http, older
 * browsers) by a library, loaded then, that takes about twenty times as long. Both follow one rule.
 */
export async function signatureVerifier(): Promise<VerifySignature> {
  const native = await nativeVerifier();
  if (native !== undefined) return native;
  const { verifyPortably } = await import('./ed25519-portable.ts');
  return (publicKey, message, signature) => Promise.resolve(verifyPortably(publicKey, message, signature));
}

/** Verifies by WebCrypto; nothing where there is none, or none that knows Ed25519. */
export async function nativeVerifier(): Promise<VerifySignature | undefined> {
  const subtle = (globalThis.crypto as Partial<Crypto> | undefined)?.subtle;
  if (subtle === undefined) return undefined;
  try {
    await subtle.generateKey('Ed25519', false, ['sign', 'verify']);
  } catch {
    return undefined; // the algorithm is not known here
  }
  const keys = new Map<string, Promise<CryptoKey | undefined>>();
  const keyOf = (publicKey: Uint8Array<ArrayBuffer>): Promise<CryptoKey | undefined> => {
    const name = publicKey.join();
    const known = keys.get(name);
    if (known !== undefined) return known;
    if (keys.size >= MOST_KEYS) keys.clear();
    const made = subtle.importKey('raw', publicKey, 'Ed25519', false, ['verify']).catch(() => undefined); // no key
    keys.set(name, made);
    return made;
  };
  return async (publicKey, message, signature) => {
    if (!isStrictPublicKey(publicKey) || !isStrictSignature(signature)) return false;
    const key = await keyOf(publicKey);
    if (key === undefined) return false;
    return subtle.verify('Ed25519', key, new Uint8Array(signature), new Uint8Array(message));
  };
}
