import type { Command } from 'commander';
import type { EngineOptions } from '../swarm/index.ts';
import type { PeerAddress } from '../wire/index.ts';
import { collect } from './endpoint.ts';
import { UsageError } from './exit-code.ts';
import { parseHostPort } from './tally-options.ts';

/** Options of every command that may find peers by the DHT. */
export interface DhtFlags {
  readonly dht?: boolean;
  readonly dhtNode?: readonly string[];
}

/** Nodes to begin with, run by the makers of other clients. */
const WELL_KNOWN: readonly PeerAddress[] = [
  { host: 'dht.libtorrent.org', port: 25_401 },
  { host: 'dht.transmissionbt.com', port: 6881 },
  { host: 'router.bittorrent.com', port: 6881 },
];

/** Adds `--dht` and `--dht-node`. */
export function addDhtOptions(command: Command): Command {
  return command
    .option('--dht', 'find peers by the DHT too, beginning with well-known nodes; it opens a UDP port')
    .option(
      '--dht-node <host:port>',
      'find peers by the DHT, beginning with this node; may be given several times',
      collect,
    );
}

/** Whether the DHT is on. */
export function usesDht({ dht, dhtNode = [] }: DhtFlags): boolean {
  return dht === true || dhtNode.length > 0;
}

/** The engine's DHT option. Throws a {@link UsageError}. */
export function dhtOf(flags: DhtFlags): EngineOptions['dht'] {
  if (!usesDht(flags)) return undefined;
  const named = (flags.dhtNode ?? []).map((text) => {
    const address = parseHostPort(text);
    if (address.port > 0) return address;
    throw new UsageError(`--dht-node ${JSON.stringify(text)} has no port: give HOST:PORT`);
  });
  return { bootstrap: [...named, ...(flags.dht ? WELL_KNOWN : [])] };
}
