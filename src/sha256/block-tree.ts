import { hash } from 'node:crypto';
import { createBlockTreeHasher, HASH_BYTES } from '../merkle/index.ts';
import { hashRows } from './rows.ts';

/** SHA-256 of bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return hash('sha256', bytes, 'buffer');
}

/** The tree hasher of BEP 52, which joins whole layers at once. */
export const blockTree = createBlockTreeHasher(sha256, (pairs, into) => {
  hashRows(pairs, 2 * HASH_BYTES, into);
});
