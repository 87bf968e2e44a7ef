import { type Brand, InternalError, toHex } from '../bytes/index.ts';
import { socketAddressBytes } from '../wire/index.ts';

export { addressGroup } from '../wire/index.ts';

/** A peer's address: 4 bytes of IPv4 or 16 of IPv6, as compact peer lists carry them (BEP 23, BEP 7). */
export type AddressBytes = Brand<Uint8Array, 'AddressBytes'>;

/** Bytes of an address as a socket names it; a mapped IPv4 address becomes IPv4, a zone (`%eth0`) is dropped. */
export function addressBytes(text: string): AddressBytes {
  const bytes = socketAddressBytes(text);
  if (bytes === undefined) throw new InternalError(`a socket has the address ${JSON.stringify(text)}`);
  return bytes as AddressBytes;
}

/** The network that an address belongs to, as limits a day count it: the /24 of an IPv4 address, the /48 of an IPv6 one. */
export function networkPrefix(address: AddressBytes): string {
  return toHex(address.subarray(0, address.length === 4 ? 3 : 6));
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
