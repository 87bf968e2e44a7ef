import { isIPv6 } from 'node:net';
import { type KeySigner, probeSeeder, proveIdentity } from '../../swarm/index.ts';
import { infoHashOf } from '../known-torrents.ts';
import type { Endpoint } from './audit-queue.ts';
import type { Probe } from './auditor.ts';
import type { AskIdentity } from './identity-queue.ts';

/**
 * Probes seeders, from `localAddress` where it is of the seeder's address family. The block is drawn from the
 * system's random source, so that nobody can hold ready just the one that will be asked for.
 */
export function probeFrom(localAddress: string | undefined): Probe {
  return async ({ host, port }, infoHash, signal) => {
    const from = sourceFor({ host, port }, localAddress);
    const { metainfo } = await probeSeeder({ host, port, infoHash, signal, ...from });
    return metainfo;
  };
}

/** Asks seeders for their builders' keys, in the same way, with challenges signed by the log. */
export function identityFrom(signer: KeySigner, localAddress: string | undefined): AskIdentity {
  return async ({ endpoint, infoHashV2 }, signal) => {
    const infoHash = infoHashOf(infoHashV2);
    const from = sourceFor(endpoint, localAddress);
    return (await proveIdentity({ ...endpoint, infoHash, signer, signal, ...from })).identity;
  };
}

function sourceFor({ host }: Endpoint, localAddress: string | undefined): { localAddress?: string } {
  const sameFamily = localAddress !== undefined && isIPv6(localAddress) === isIPv6(host);
  return sameFamily ? { localAddress } : {};
}
