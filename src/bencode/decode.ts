import { BencodeError } from './error.ts';
import { type BencodeLimits, TORRENT_LIMITS } from './limits.ts';
import { BencodeNode } from './node.ts';
import { scan } from './scan.ts';

/**
 * Reads canonical bencode (BEP 3): keys sorted by raw bytes and distinct, no leading zeros, no minus zero, no
 * negative lengths, nothing after the value. Time and memory grow linearly with the input.
 *
 * @example
 * const info = decode(torrent).get('info');
 * const infoHash = sha256(info.raw); // the bytes as received, never a re-encoding
 */
export function decode(bytes: Uint8Array, limits: BencodeLimits = TORRENT_LIMITS): BencodeNode {
  const root = decodePrefix(bytes, limits);
  if (root.end !== bytes.length) {
    throw new BencodeError(
      'trailing-bytes',
      `bencode, byte ${root.end}: ${bytes.length - root.end} bytes stand after the value`,
    );
  }
  return root;
}

/**
 * Like {@link decode} for a value that other bytes follow, as the piece does in a BEP 9 data message: they
 * start at `node.end`.
 */
export function decodePrefix(bytes: Uint8Array, limits: BencodeLimits): BencodeNode {
  return new BencodeNode(scan(bytes, limits), 0);
}
