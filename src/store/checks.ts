import { InternalError } from '../bytes/index.ts';
import { StoreError } from './errors.ts';
import { type EntryBatch, STORE_LIMITS } from './store.ts';

const HASH_BYTES = 32;

/** Bytes of a digest or key in hex; anything but 64 lower-case hex digits is a fault of the caller. */
export function digestBytes(what: string, hex: string): Uint8Array {
  const bytes = Buffer.from(hex, 'hex'); // ends at the first digit that is none
  if (bytes.length !== HASH_BYTES || hex.length !== 2 * HASH_BYTES || hex !== hex.toLowerCase()) {
    throw new InternalError(`${what} ${JSON.stringify(hex)} is not 64 lower-case hex digits`);
  }
  return bytes;
}

/** Refuses a batch whose parts have not the form that {@link EntryBatch} states, before anything is written. */
export function checkBatch(batch: EntryBatch): void {
  checkWhole('first index', batch.firstIndex);
  for (const { timeMs, envelope, leafHash } of batch.entries) {
    checkWhole('receipt time', timeMs);
    checkHash(leafHash);
    if (envelope.length > STORE_LIMITS.envelopeBytes) {
      throw new StoreError(
        'too-large',
        `an envelope of ${envelope.length} bytes exceeds ${STORE_LIMITS.envelopeBytes}`,
      );
    }
  }
  for (const { level, index, hash } of batch.tileHashes) {
    checkWhole('tile level', level);
    checkWhole('hash index', index);
    checkHash(hash);
  }
}

/** Refuses ends of a range that are no whole numbers from 0 on. */
export function checkRange(from: number, to: number): void {
  checkWhole('start of the range', from);
  checkWhole('end of the range', to);
}

/** Refuses a range of hashes that is larger than a tile. */
export function checkHashRange(from: number, to: number): void {
  checkRange(from, to);
  if (to - from > STORE_LIMITS.readHashes) {
    throw new InternalError(`${to - from} hashes were asked for at once: ask for ${STORE_LIMITS.readHashes}`);
  }
}

/** Refuses a blob beyond the limit. */
export function checkBlobSize(bytes: Uint8Array): void {
  if (bytes.length > STORE_LIMITS.blobBytes) {
    throw new StoreError('too-large', `a blob of ${bytes.length} bytes exceeds ${STORE_LIMITS.blobBytes}`);
  }
}

/** Refuses a meta value or name beyond its limit. */
export function checkMeta(name: string, value: Uint8Array): void {
  const nameBytes = Buffer.byteLength(name);
  if (nameBytes === 0 || nameBytes > STORE_LIMITS.metaNameBytes) {
    throw new InternalError(`a meta name has 1 to ${STORE_LIMITS.metaNameBytes} bytes, not ${nameBytes}`);
  }
  if (value.length > STORE_LIMITS.metaBytes) {
    throw new StoreError('too-large', `${name} of ${value.length} bytes exceeds ${STORE_LIMITS.metaBytes}`);
  }
}

function checkWhole(what: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new InternalError(`${what} ${value} is no whole number`);
}

function checkHash(hash: Uint8Array): void {
  if (hash.length !== HASH_BYTES) throw new InternalError(`a hash of ${hash.length} bytes`);
}
