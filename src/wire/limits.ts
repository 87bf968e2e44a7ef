import { BLOCK_BYTES } from '../merkle/index.ts';

/** Every bound of the peer codec; each holds before memory is taken beyond it. */
export interface WireLimits {
  /** Longest message other than a block, in bytes: a bitfield of 2,097,152 pieces, or 8,192 hashes. */
  readonly messageBytes: number;
  /** Longest block in a `piece` message, in bytes. */
  readonly blockBytes: number;
}

/** Most hashes one BEP 52 hash request may ask for; libtorrent takes as many. */
export const MAXIMUM_HASHES = 8192;

export const WIRE_LIMITS: WireLimits = { messageBytes: 300_000, blockBytes: BLOCK_BYTES };
