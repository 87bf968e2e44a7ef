import { addressBytes } from './peer-address.ts';

/** CRC32-C (Castagnoli), reflected. */
const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value >>> 0;
});
const MASK = [0x03, 0x0f, 0x3f, 0xff];

/**
 * A DHT node id for an IPv4 address (BEP 42): the first 21 bits follow from the address and the last byte, so that
 * nobody can choose where in the DHT he stands. `random` gives the other bits, 20 bytes.
 */
export function nodeIdFor(host: string, random: Uint8Array): Uint8Array<ArrayBuffer> {
  const id = Uint8Array.from(random);
  const prefix = prefixOf(host, id[19] as number);
  id[0] = prefix >>> 24;
  id[1] = (prefix >>> 16) & 0xff;
  id[2] = ((prefix >>> 8) & 0xf8) | ((id[2] as number) & 0x07);
  return id;
}

/** Whether a node id is one for an IPv4 address (BEP 42). */
export function isNodeIdFor(host: string, id: Uint8Array): boolean {
  const prefix = prefixOf(host, id[19] as number);
  const [first, second, third] = id as unknown as readonly [number, number, number];
  return (
    first === prefix >>> 24 &&
    second === ((prefix >>> 16) & 0xff) &&
    (third & 0xf8) === ((prefix >>> 8) & 0xf8)
  );
}

function prefixOf(host: string, last: number): number {
  const bytes = (addressBytes(host) ?? [0, 0, 0, 0]).map((byte, at) => byte & (MASK[at] as number));
  bytes[0] = (bytes[0] as number) | ((last & 0x07) << 5);
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (TABLE[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8);
  return ~crc >>> 0;
}
