import { hash } from 'node:crypto';
import { brandBytes, type InfoHashV1, type InfoHashV2 } from '../bytes/index.ts';
import { sha256 } from '../sha256/index.ts';

/** The v2 infohash of an info dictionary's bytes (BEP 52). */
export function infoHashV2Of(infoBytes: Uint8Array): InfoHashV2 {
  return brandBytes('InfoHashV2', Uint8Array.from(sha256(infoBytes)));
}

/** The v1 infohash of an info dictionary's bytes (BEP 3). */
export function infoHashV1Of(infoBytes: Uint8Array): InfoHashV1 {
  return brandBytes('InfoHashV1', Uint8Array.from(hash('sha1', infoBytes, 'buffer')));
}
