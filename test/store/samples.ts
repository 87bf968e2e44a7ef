import { createHash } from 'node:crypto';
import type { EntryBatch, NewEntry } from '../../src/store/index.ts';

export const sha256Hex = (bytes: string | Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex');
const sha256Of = (text: string): Uint8Array => createHash('sha256').update(text).digest();

/** An entry that differs with its name in every part. */
export function entry(name: string | number, timeMs = 1000, envelope?: Uint8Array): NewEntry {
  return {
    signerKey: sha256Hex(`signer of ${name}`),
    payloadDigest: sha256Hex(`payload of ${name}`),
    timeMs,
    envelope: envelope ?? Buffer.from(`envelope of ${name}`),
    leafHash: sha256Of(`leaf hash of ${name}`),
  };
}

export function batch(firstIndex: number, entries: readonly NewEntry[]): EntryBatch {
  return { firstIndex, entries, tileHashes: [] };
}

/** `count` entries named by their index. */
export function entries(firstIndex: number, count: number, timeMs = 1000): NewEntry[] {
  return Array.from({ length: count }, (_, at) => entry(firstIndex + at, timeMs));
}
