import { BlockList, isIPv4 } from 'node:net';
import { equalBytes } from '../../bytes/index.ts';
import { mappedAddress, type PeerAddress } from '../../wire/index.ts';

/**
 * Ranges of addresses that mean another machine in each network (RFC 1122, 1918, 2544, 3879, 3927, 4193, 4291, 6598, 6890,
 * 8215).
 */
const SCOPES = [
  scope(['127.0.0.0', 8], ['::1', 128]),
  scope(['10.0.0.0', 8], ['172.16.0.0', 12], ['192.168.0.0', 16], ['fc00::', 7], ['fec0::', 10]),
  scope(['169.254.0.0', 16], ['fe80::', 10]),
  scope(['100.64.0.0', 10]),
  scope(['198.18.0.0', 15]),
  scope(['192.0.0.0', 24], ['64:ff9b:1::', 48]),
];

/** Both ends of a connection that came in. */
export interface Ends {
  readonly local: PeerAddress;
  readonly remote: PeerAddress;
}

/**
 * Whether an address that somebody says to have dialled is ours. It is when it was declared, or when the connection
 * came in at it. The latter says nothing where the address is one of a private network and the other side is not in
 * that network: 192.168.1.2 is a machine in many of them, and whoever relays chooses from which he dials.
 */
export function isOwnAddress(
  dialled: { readonly address: Uint8Array; readonly port: number },
  { local, remote }: Ends,
  declared: readonly PeerAddress[],
): boolean {
  const isDialled = ({ host, port }: PeerAddress): boolean => {
    const bytes = mappedAddress(host);
    return bytes !== undefined && equalBytes(bytes, dialled.address) && port === dialled.port;
  };
  if (declared.some(isDialled)) return true;
  const scopeOfLocal = SCOPES.find((each) => contains(each, local.host));
  return isDialled(local) && (scopeOfLocal === undefined || contains(scopeOfLocal, remote.host));
}

function scope(...subnets: readonly (readonly [network: string, prefix: number])[]): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of subnets) list.addSubnet(network, prefix, isIPv4(network) ? 'ipv4' : 'ipv6');
  return list;
}

function contains(list: BlockList, host: string): boolean {
  return list.check(host.replace(/%.*$/, ''), isIPv4(host) ? 'ipv4' : 'ipv6');
}
