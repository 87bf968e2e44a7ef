import { isIP } from 'node:net';
import { InvalidArgumentError } from 'commander';
import type { PeerAddress } from '../wire/index.ts';
import { UsageError } from './exit-code.ts';
import { parseHostPort } from './tally-options.ts';

/** Reads the `HOST:PORT` of a peer; IPv6 in brackets. Throws a {@link UsageError}. */
export function parsePeer(text: string): PeerAddress {
  const address = parseHostPort(text);
  if (address.port > 0) return address;
  throw new UsageError(`--peer ${JSON.stringify(text)} has no port: give HOST:PORT, such as 127.0.0.1:6881`);
}

/** Reads a `--public-address`; a name may mean another machine for each who asks. Throws a {@link UsageError}. */
export function parsePublicAddress(text: string): PeerAddress {
  const address = parseHostPort(text);
  if (address.port > 0 && isIP(address.host) > 0) return address;
  throw new UsageError(
    `--public-address ${JSON.stringify(text)}: give an address and a port, such as 192.0.2.7:6881`,
  );
}

/** Collects the trackers of an option that may be given several times. */
export function collectTracker(value: string, earlier: readonly string[] = []): string[] {
  if (/^(https?|udp):$/.test(URL.parse(value)?.protocol ?? '')) return [...earlier, value];
  throw new InvalidArgumentError('give an http, https or udp URL');
}

/** Collects an option that may be given several times. */
export function collect(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value];
}
