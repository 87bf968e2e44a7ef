import { type Brand, InternalError, startsWithBytes, toHex } from '../bytes/index.ts';
import { addressBytes as parseAddress } from '../wire/index.ts';

/** A peer's address: 4 bytes of IPv4 or 16 of IPv6, as compact peer lists carry them (BEP 23, BEP 7). */
export type AddressBytes = Brand<Uint8Array, 'AddressBytes'>;

/** What stands before an IPv4 address mapped into IPv6 (RFC 4291 §2.5.5.2). */
const MAPPED = Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]);

/** Bytes of an address as a socket names it; a mapped IPv4 address becomes IPv4, a zone (`%eth0`) is dropped. */
export function addressBytes(text: string): AddressBytes {
  const parsed = parseAddress(text.replace(/%.*$/, ''));
  if (parsed === undefined) throw new InternalError(`a socket has the address ${JSON.stringify(text)}`);
  const bytes = Uint8Array.from(parsed);
  const mapped = bytes.length === 16 && startsWithBytes(bytes, MAPPED);
  return (mapped ? bytes.slice(12) : bytes) as AddressBytes;
}

/** The textual form of address bytes: dotted for IPv4, eight groups for IPv6. */
export function addressText(address: AddressBytes): string {
  if (address.length === 4) return address.join('.');
  const groups: string[] = [];
  for (let at = 0; at < 16; at += 2) {
    groups.push((((address[at] as number) << 8) | (address[at + 1] as number)).toString(16));
  }
  return groups.join(':');
}

/** What limits count as one address: an IPv4 address, or the /64 of an IPv6 one. */
export function addressGroup(address: AddressBytes): string {
  return toHex(address.length === 4 ? address : address.subarray(0, 8));
}
