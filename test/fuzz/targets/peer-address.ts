// Addresses in text form: read as the system reads them, so that no filter sees another one than is dialled.
import { isIP } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import {
  addressBytes,
  formatPeerAddress,
  parseCompactPeers,
  parsePeerAddress,
  WireError,
} from '../../../src/wire/index.ts';
import { accepted, mustEqual } from '../support.ts';

export function fuzz(bytes: Uint8Array): void {
  const text = Buffer.from(bytes).toString('latin1');
  const family = addressBytes(text)?.length;
  // A zone, as in fe80::1%eth0, is no part of an address here.
  const expected = text.includes('%') ? 0 : isIP(text);
  if ((family === 4 ? 4 : family === 16 ? 6 : 0) !== expected) {
    throw new Error(
      `${JSON.stringify(text)} has ${family} bytes here and is of family ${expected} to the system`,
    );
  }
  const peer = accepted(WireError, () => parsePeerAddress(text));
  if (peer) {
    if (!(peer.port >= 1 && peer.port <= 65_535)) throw new Error(`port ${peer.port}`);
    if (!isDeepStrictEqual(parsePeerAddress(formatPeerAddress(peer)), peer))
      throw new Error('a peer changed');
  }
  for (const [size, form] of [
    [4, 4],
    [16, 6],
  ] as const) {
    const packed = Uint8Array.from({ length: size + 2 }, (_, at) => bytes[at] ?? 1);
    for (const { host } of parseCompactPeers(packed, form)) {
      if (isIP(host) !== form) throw new Error(`${host} is no address of family ${form}`);
      mustEqual(Uint8Array.from(addressBytes(host) ?? []), packed.subarray(0, size), host);
    }
  }
}
