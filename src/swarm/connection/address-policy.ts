import { lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { SwarmError } from '../error.ts';
import { type AddressScope, scopeOf } from './address-scope.ts';

/**
 * How near to us whoever named an address may lead us. The user may name any host. Everybody else leads us no nearer
 * than he stands himself: a tracker, a redirecting server or a DHT node on the internet to addresses of the internet, one
 * in a private network to that and the internet, one on this machine to loopback as well. What stands in a torrent or a
 * magnet link counts as named from the internet.
 */
export type Reach = 'public' | 'private' | 'loopback' | 'named';

const WITHIN: Readonly<Record<Reach, ReadonlySet<AddressScope>>> = {
  public: new Set(['public']),
  private: new Set(['public', 'private']),
  loopback: new Set(['public', 'private', 'loopback']),
  named: new Set(['public', 'private', 'loopback', 'reserved']),
};

/** Whether an address (no name) is within reach. */
export function isWithin(host: string, reach: Reach): boolean {
  return WITHIN[reach].has(scopeOf(host));
}

/** Whether an address (no name) is one of the internet, where anybody may lead us. */
export function isPublicAddress(host: string): boolean {
  return isWithin(host, 'public');
}

/** How far somebody at an address may lead us. */
export function reachFrom(host: string): Reach {
  const scope = scopeOf(host);
  if (scope === 'loopback' || scope === 'private') return scope;
  return 'public';
}

/**
 * Throws `refused-address` for an address out of reach, or port 0. A name passes: it is judged when it is resolved, see
 * {@link lookupWithin}.
 */
export function mustBeWithin({ host, port }: { readonly host: string; readonly port: number }, reach: Reach) {
  if (port < 1 || port > 65_535) throw new SwarmError('refused-address', `${host}:${port} is no address`);
  if (isIP(host) !== 0 && !isWithin(host, reach)) throw refused(host, reach);
}

/**
 * Resolves names for sockets, to addresses within reach only: the address that is judged is the one that is connected
 * to. Node asks no `lookup` for hosts that are addresses already; {@link mustBeWithin} judges those.
 */
export function lookupWithin(reach: Reach): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) {
        callback(error, []);
        return;
      }
      const usable = found.filter(({ address }) => isWithin(address, reach));
      const [first] = usable;
      if (!first) callback(refused(`${hostname} (${found[0]?.address ?? 'nowhere'})`, reach), []);
      else if (options.all) callback(null, usable);
      else callback(null, first.address, first.family);
    });
  };
}

function refused(host: string, reach: Reach): SwarmError {
  const why =
    reach === 'named'
      ? 'is no address of a single host'
      : 'lies nearer to this machine than who named it: name it yourself if you mean it';
  return new SwarmError('refused-address', `${host} ${why}`);
}
