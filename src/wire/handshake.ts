import {
  brandBytes,
  concatBytes,
  copyBytes,
  equalBytes,
  type InfoHashV1,
  type PeerId,
  type TruncatedInfoHash,
  toHex,
  toUtf8,
} from '../bytes/index.ts';
import { WireError } from './error.ts';

/** Length of a handshake, in bytes (BEP 3). */
export const HANDSHAKE_BYTES = 68;

/** What names a swarm in a handshake: a v1 infohash, or the first 20 bytes of a v2 one (BEP 52). */
export type SwarmHash = InfoHashV1 | TruncatedInfoHash;

/** The first message of each side. */
export interface Handshake {
  readonly infoHash: Uint8Array;
  readonly peerId: PeerId;
  /** Reserved bit 20: extension messages (BEP 10). */
  readonly extended: boolean;
  /** Reserved bit 61: have all, have none, reject, suggest, allowed fast (BEP 6). */
  readonly fast: boolean;
  /** Reserved bit 59: a v1 infohash may be answered with the v2 one, which upgrades the connection (BEP 52). */
  readonly upgradable: boolean;
  /** Reserved bit 64: the sender is in the DHT and takes a `port` message (BEP 5). */
  readonly dht?: boolean;
}

const PROTOCOL = concatBytes(Uint8Array.of(19), toUtf8('BitTorrent protocol'));
const EXTENDED = { byte: 5, bit: 0x10 };
const FAST = { byte: 7, bit: 0x04 };
const UPGRADABLE = { byte: 7, bit: 0x10 };
const DHT = { byte: 7, bit: 0x01 };

/** `19 "BitTorrent protocol" reserved[8] infohash[20] peer id[20]` (BEP 3). */
export function encodeHandshake(handshake: Handshake): Uint8Array<ArrayBuffer> {
  const reserved = new Uint8Array(8);
  for (const [flag, is] of [
    [EXTENDED, handshake.extended],
    [FAST, handshake.fast],
    [UPGRADABLE, handshake.upgradable],
    [DHT, handshake.dht],
  ] as const) {
    if (is) reserved[flag.byte] = (reserved[flag.byte] as number) | flag.bit;
  }
  return concatBytes(PROTOCOL, reserved, handshake.infoHash, handshake.peerId);
}

/** Reads the 68 bytes of a handshake (copied out of `bytes`). Throws `bad-handshake`. */
export function parseHandshake(bytes: Uint8Array): Handshake {
  if (bytes.length !== HANDSHAKE_BYTES || !isHandshakeStart(bytes)) {
    throw new WireError(
      'bad-handshake',
      `${toHex(bytes.subarray(0, 20))}… is no BitTorrent handshake of ${HANDSHAKE_BYTES} bytes`,
    );
  }
  const reserved = bytes.subarray(20, 28);
  const has = (flag: { byte: number; bit: number }) => ((reserved[flag.byte] as number) & flag.bit) !== 0;
  return {
    infoHash: copyBytes(bytes, 28, 48),
    peerId: brandBytes('PeerId', copyBytes(bytes, 48, 68)),
    extended: has(EXTENDED),
    fast: has(FAST),
    upgradable: has(UPGRADABLE),
    ...(has(DHT) && { dht: true }),
  };
}

/** Whether bytes can still become a handshake: their first 20 are those of the protocol, as far as there are any. */
export function isHandshakeStart(bytes: Uint8Array): boolean {
  const length = Math.min(bytes.length, PROTOCOL.length);
  return equalBytes(bytes.subarray(0, length), PROTOCOL.subarray(0, length));
}
