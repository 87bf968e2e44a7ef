import { hash } from 'node:crypto';
import { brandBytes, type InfoHashV1, type InfoHashV2 } from '../bytes/index.ts';
import { createBlockTreeHasher } from '../merkle/index.ts';

/** SHA-256 of bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return hash('sha256', bytes, 'buffer');
}

/** The tree hasher of BEP 52 on `node:crypto`. */
export const blockTree = createBlockTreeHasher(sha256);

/** The v2 infohash of an info dictionary's bytes (BEP 52). */
export function infoHashV2Of(infoBytes: Uint8Array): InfoHashV2 {
  return brandBytes('InfoHashV2', Uint8Array.from(sha256(infoBytes)));
}

/** The v1 infohash of an info dictionary's bytes (BEP 3). */
export function infoHashV1Of(infoBytes: Uint8Array): InfoHashV1 {
  return brandBytes('InfoHashV1', Uint8Array.from(hash('sha1', infoBytes, 'buffer')));
}
