import { fromHex, toHex } from '../bytes/index.ts';
import type { Sha256Function } from './envelope.ts';

/**
 * What a builder commits to before it needs its next key, in hex: the SHA-256 of that public key's 32 bytes. Only who
 * has the private half can rotate to it.
 *
 * @param key public key, 64 hex digits
 */
export function nextKeyDigest(key: string, sha256: Sha256Function): string {
  return toHex(sha256(fromHex(key)));
}
