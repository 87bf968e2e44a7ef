import { isIP } from 'node:net';
import { type Reach, reachFrom } from '../connection/address-policy.ts';
import type { EngineServices } from '../services.ts';

/**
 * How near to us what a torrent or magnet link names may lie, unless the user trusts it: an engine that goes out from, or is reached at, an address
 * of this machine or of a private network only has its peers there.
 */
export function ownReach({ options, port }: EngineServices): Reach {
  const { localAddress, host } = options;
  if (options.trustsSources) return 'named';
  if (localAddress !== undefined && isIP(localAddress) !== 0) return reachFrom(localAddress);
  return port() > 0 && isIP(host) !== 0 ? reachFrom(host) : 'public';
}
