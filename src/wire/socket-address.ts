import { startsWithBytes, toHex } from '../bytes/index.ts';
import { addressBytes } from './peer-address.ts';

/** What stands before an IPv4 address mapped into IPv6 (RFC 4291 §2.5.5.2). */
const MAPPED = Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]);

/**
 * The 4 or 16 bytes of an address as a socket names it: a mapped IPv4 address becomes IPv4, a zone (`%eth0`) is dropped;
 * `undefined` for what is no address.
 */
export function socketAddressBytes(text: string): Uint8Array | undefined {
  const parsed = addressBytes(text.replace(/%.*$/s, ''));
  if (parsed === undefined) return undefined;
  const bytes = Uint8Array.from(parsed);
  return bytes.length === 16 && startsWithBytes(bytes, MAPPED) ? bytes.slice(12) : bytes;
}

/** What limits count as one address, as hex digits: an IPv4 address, or the /64 of an IPv6 one. */
export function addressGroup(address: Uint8Array): string {
  return toHex(address.length === 4 ? address : address.subarray(0, 8));
}
