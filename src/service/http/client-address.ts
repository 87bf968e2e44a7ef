import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { type AddressBytes, addressBytes } from '../address.ts';
import { ServiceError } from '../errors.ts';

/** Finds the address that a request came from. */
export type ClientAddress = (request: IncomingMessage) => AddressBytes;

/**
 * The connection's own address; only when that is one of `trustedProxies` (addresses, no names) the rightmost hop
 * of `X-Forwarded-For`, which is the one that the proxy itself wrote. Everything to the left of it, and the whole
 * header from anybody else, is what a client claims about itself, and is not read.
 */
export function clientAddress(trustedProxies: readonly string[]): ClientAddress {
  const trusted = new Set(trustedProxies.map((proxy) => proxyAddress(proxy).join('.')));
  return (request) => {
    const { remoteAddress } = request.socket;
    if (remoteAddress === undefined) {
      throw new ServiceError('closing', 'The connection closed before its request was read.');
    }
    const own = addressBytes(remoteAddress);
    const forwarded = request.headers['x-forwarded-for'];
    if (forwarded === undefined || !trusted.has(own.join('.'))) return own;
    const hop = String(forwarded).split(',').at(-1)?.trim() ?? '';
    if (isIP(hop) === 0) {
      throw new ServiceError('bad-request', 'The rightmost hop of X-Forwarded-For is not an address.');
    }
    return addressBytes(hop);
  };
}

function proxyAddress(proxy: string): AddressBytes {
  if (isIP(proxy) === 0) {
    throw new ServiceError('bad-address', `the trusted proxy ${JSON.stringify(proxy)} is not an IP address`);
  }
  return addressBytes(proxy);
}
