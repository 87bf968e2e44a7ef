import { concatBytes, fromHex, toHex, toUtf8 } from '../bytes/index.ts';
import type { Sha256Function } from './envelope.ts';

const LABEL = toUtf8('bitquorum/commit/v1\0');

/** What a commitment binds together; all but `origin` are 32 bytes in hex. */
export interface CommitmentParts {
  /** The log it is made for. */
  readonly origin: string;
  /** The release's digest. */
  readonly release: string;
  /** The builder's public key: nobody else can open it. */
  readonly key: string;
  /** 32 random bytes, shown by the vote: without them the infohash could be guessed. */
  readonly salt: string;
  readonly infoHashV2: string;
}

/**
 * The commitment of a builder to an infohash, in hex:
 * `SHA-256("bitquorum/commit/v1\0" ‖ SHA-256(origin) ‖ release[32] ‖ key[32] ‖ salt[32] ‖ infohash[32])`.
 */
export function commitmentOf(parts: CommitmentParts, sha256: Sha256Function): string {
  return toHex(
    sha256(
      concatBytes(
        LABEL,
        sha256(toUtf8(parts.origin)),
        fromHex(parts.release),
        fromHex(parts.key),
        fromHex(parts.salt),
        fromHex(parts.infoHashV2),
      ),
    ),
  );
}
