import { InternalError } from './errors.ts';

declare const brand: unique symbol;

/** A value that only the room which checked it may make. */
export type Brand<Value, Name extends string> = Value & { readonly [brand]: Name };

/** A SHA-256 digest: 32 bytes. */
export type Sha256 = Brand<Uint8Array, 'Sha256'>;
/** SHA-256 of the bencoded `info` dictionary: 32 bytes (BEP 52). The vote. */
export type InfoHashV2 = Brand<Uint8Array, 'InfoHashV2'>;
/** SHA-1 of the bencoded `info` dictionary: 20 bytes (BEP 3). */
export type InfoHashV1 = Brand<Uint8Array, 'InfoHashV1'>;
/** The first 20 bytes of an {@link InfoHashV2}, as handshakes, trackers and the DHT carry it (BEP 52). */
export type TruncatedInfoHash = Brand<Uint8Array, 'TruncatedInfoHash'>;
/** Root of one file's Merkle tree over 16 KiB blocks: 32 bytes (BEP 52). */
export type PiecesRoot = Brand<Uint8Array, 'PiecesRoot'>;
/** A peer's id in handshakes and announces: 20 bytes (BEP 3, BEP 20). */
export type PeerId = Brand<Uint8Array, 'PeerId'>;

const LENGTHS = {
  Sha256: 32,
  InfoHashV2: 32,
  InfoHashV1: 20,
  TruncatedInfoHash: 20,
  PiecesRoot: 32,
  PeerId: 20,
} as const;

/** Brands bytes whose origin the caller vouches for; a wrong length is an {@link InternalError}. */
export function brandBytes<Name extends keyof typeof LENGTHS>(
  name: Name,
  bytes: Uint8Array,
): Brand<Uint8Array, Name> {
  if (bytes.length !== LENGTHS[name]) {
    throw new InternalError(`${name} takes ${LENGTHS[name]} bytes, not ${bytes.length}`);
  }
  return bytes as Brand<Uint8Array, Name>;
}

/** The 20-byte form of a v2 infohash (BEP 52, "infohash"). */
export function truncateInfoHash(infoHash: InfoHashV2): TruncatedInfoHash {
  return brandBytes('TruncatedInfoHash', infoHash.subarray(0, 20));
}
