import { addressBytes } from '../../wire/index.ts';

/**
 * How near to us an address is (IANA's special-purpose registries, RFC 6890). `reserved` holds what nobody but the user
 * has a reason to name: link-local addresses, cloud metadata services, documentation, tunnels. `never` is no single host
 * at all: unspecified, multicast, broadcast.
 */
export type AddressScope = 'public' | 'private' | 'loopback' | 'reserved' | 'never';

/** Prefixes as bytes and length in bits, the first that fits decides. */
type Table = readonly (readonly [prefix: string, bits: number, scope: AddressScope])[];

const TABLE_V4: Table = [
  ['255.255.255.255', 32, 'never'],
  ['0.0.0.0', 8, 'never'], // Linux connects 0.0.0.0 to this host
  ['10.0.0.0', 8, 'private'],
  ['100.100.100.200', 32, 'reserved'], // a cloud's metadata service
  ['100.64.0.0', 10, 'private'], // shared with the provider (RFC 6598)
  ['127.0.0.0', 8, 'loopback'],
  ['169.254.0.0', 16, 'reserved'], // link-local, metadata services
  ['172.16.0.0', 12, 'private'],
  ['192.0.0.0', 24, 'reserved'],
  ['192.0.2.0', 24, 'reserved'],
  ['192.88.99.0', 24, 'reserved'],
  ['192.168.0.0', 16, 'private'],
  ['198.18.0.0', 15, 'private'], // benchmarks (RFC 2544)
  ['198.51.100.0', 24, 'reserved'],
  ['203.0.113.0', 24, 'reserved'],
  ['224.0.0.0', 4, 'never'],
  ['240.0.0.0', 4, 'reserved'],
];

const TABLE_V6: Table = [
  ['::', 128, 'never'],
  ['::1', 128, 'loopback'],
  ['64:ff9b:1::', 48, 'private'], // local NAT64 (RFC 8215)
  ['fd00:ec2::254', 128, 'reserved'], // a cloud's metadata service
  ['fc00::', 7, 'private'],
  ['fec0::', 10, 'private'], // site-local, deprecated
  ['ff00::', 8, 'never'],
  ['2001::', 23, 'reserved'], // Teredo and other protocols' own
  ['2001:db8::', 32, 'reserved'],
  ['3fff::', 20, 'reserved'],
  ['2000::', 3, 'public'],
];

/** IPv6 addresses that stand for the IPv4 one which begins at a byte of theirs: mapped, NAT64, 6to4. */
const EMBEDDING: readonly (readonly [prefix: string, bits: number, at: number])[] = [
  ['::ffff:0:0', 96, 12],
  ['64:ff9b::', 96, 12],
  ['2002::', 16, 2],
];

const bytesOf = (prefix: string): readonly number[] => addressBytes(prefix) as readonly number[];
const tables = new Map(
  [TABLE_V4, TABLE_V6].map((table, at) => [
    at === 0 ? 4 : 16,
    table.map(([prefix, bits, scope]) => ({ prefix: bytesOf(prefix), bits, scope })),
  ]),
);
const embedding = EMBEDDING.map(([prefix, bits, at]) => ({ prefix: bytesOf(prefix), bits, at }));

/** The scope of an IPv4 or IPv6 address in text form, with or without a zone; of anything else `never`. */
export function scopeOf(host: string): AddressScope {
  const bytes = addressBytes(host.replace(/%.*$/s, ''));
  return bytes === undefined ? 'never' : scopeOfBytes(bytes);
}

function scopeOfBytes(bytes: readonly number[]): AddressScope {
  if (bytes.length === 16) {
    const outer = embedding.find(({ prefix, bits }) => hasPrefix(bytes, prefix, bits));
    if (outer) return scopeOfBytes(bytes.slice(outer.at, outer.at + 4));
  }
  const found = tables.get(bytes.length)?.find(({ prefix, bits }) => hasPrefix(bytes, prefix, bits));
  return found?.scope ?? (bytes.length === 4 ? 'public' : 'reserved');
}

function hasPrefix(bytes: readonly number[], prefix: readonly number[], bits: number): boolean {
  const whole = bits >> 3;
  for (let at = 0; at < whole; at += 1) if (bytes[at] !== prefix[at]) return false;
  const rest = 8 - (bits & 7);
  return rest === 8 || (bytes[whole] as number) >> rest === (prefix[whole] as number) >> rest;
}
