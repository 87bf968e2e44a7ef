import { isIP } from 'node:net';
import { lookupWithin, mustBeWithin, type Reach } from './address-policy.ts';

/** One address of a host. */
export interface ResolvedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

export interface ResolveOptions {
  /** How near to us the host may be. */
  readonly reach: Reach;
  /** Only addresses that can be reached from here. */
  readonly localAddress?: string | undefined;
  readonly signal: AbortSignal;
}

/**
 * The addresses of a host, as a URL or a user names it: IPv4 first, in each family as the system orders them. Throws
 * `refused-address` when none is within reach, what the system says, or the signal's reason.
 */
export async function resolveHost(
  { host: hostname, port }: { readonly host: string; readonly port: number },
  { reach, localAddress, signal }: ResolveOptions,
): Promise<readonly ResolvedAddress[]> {
  signal.throwIfAborted();
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  mustBeWithin({ host, port }, reach);
  const family = localAddress === undefined ? 0 : isIP(localAddress);
  const { promise, resolve, reject } = Promise.withResolvers<readonly ResolvedAddress[]>();
  // The system's resolver cannot be stopped, but nobody has to wait for it.
  const abort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  lookupWithin(reach)(host, { all: true, family }, (error, found) => {
    if (error) reject(error);
    else resolve((found as readonly { address: string }[]).map(({ address }) => resolved(address)));
  });
  try {
    const addresses = await promise;
    return ([4, 6] as const).flatMap((each) => addresses.filter((one) => one.family === each));
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** The first address of each family. */
export function firstOfEach(addresses: readonly ResolvedAddress[]): readonly ResolvedAddress[] {
  return ([4, 6] as const).flatMap((each) => addresses.find(({ family }) => family === each) ?? []);
}

function resolved(address: string): ResolvedAddress {
  return { address, family: isIP(address) === 6 ? 6 : 4 };
}
