import { randomInt } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { probeSeeder } from '../../swarm/index.ts';
import type { Probe } from './auditor.ts';

const WORD = 2 ** 32;

/**
 * Probes seeders, from `localAddress` where it is of the seeder's address family. The block is drawn from the
 * system's random source, so that nobody can hold ready just the one that will be asked for.
 */
export function probeFrom(localAddress: string | undefined): Probe {
  return async ({ host, port }, infoHash, signal) => {
    const sameFamily = localAddress !== undefined && isIPv6(localAddress) === isIPv6(host);
    const { metainfo } = await probeSeeder({
      host,
      port,
      infoHash,
      random: () => randomInt(WORD) / WORD,
      signal,
      ...(sameFamily && { localAddress }),
    });
    return metainfo;
  };
}
