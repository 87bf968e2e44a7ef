import { isIP } from 'node:net';
import { identityOfSource, isPublicAddress, type TorrentSource } from '../swarm/index.ts';
import { parseMagnet } from '../torrent/index.ts';
import type { PeerAddress } from '../wire/index.ts';
import { type DhtFlags, usesDht } from './dht-options.ts';
import { UsageError } from './exit-code.ts';
import { readTorrent } from './torrent-file.ts';

/** Whom a download may ask, as the options say. */
export interface SourceFlags extends DhtFlags {
  readonly tracker?: readonly string[];
  readonly trackers: boolean;
  readonly webSeed?: readonly string[];
  readonly webSeeds: boolean;
  readonly listen?: string;
  readonly localAddress?: string;
  readonly local?: boolean;
}

/** Reads a magnet link, or the `.torrent` file at a path. Throws `v1-only` for a link without a v2 infohash. */
export async function readSource(text: string): Promise<TorrentSource> {
  const source = /^magnet:/i.test(text) ? parseMagnet(text) : await readTorrent(text);
  identityOfSource(source);
  return source;
}

/** Refuses, with what to write instead, what can find nobody. Throws a {@link UsageError}. */
export function mustHaveSomebody(
  source: TorrentSource,
  peers: readonly PeerAddress[],
  flags: SourceFlags,
): void {
  for (const url of flags.webSeed ?? []) {
    if (!/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
      throw new UsageError(`--web-seed ${url} is no http or https URL`);
  }
  const hints = 'peers' in source ? source.peers : [];
  if (peers.length > 0 || flags.listen !== undefined || usesDht(flags)) return;
  if ((flags.tracker ?? []).some(isTracker)) return;
  const trackers = flags.trackers ? source.trackers.filter(isTracker) : [];
  const webSeeds = [...(flags.webSeed ?? []), ...(flags.webSeeds ? source.webSeeds : [])];
  if (hints.length > 0 || trackers.length > 0 || (webSeeds.length > 0 && 'infoBytes' in source)) {
    mustLeadFar([...hints.map(({ host }) => host), ...[...trackers, ...webSeeds].map(hostOf)], flags);
    return;
  }
  throw new UsageError(
    webSeeds.length > 0
      ? 'a magnet link tells no more than the name of a torrent, and web seeds do not know the rest: give --peer HOST:PORT or --tracker URL as well, or the .torrent file'
      : 'nobody to ask: give --peer HOST:PORT, or --tracker with an http, https or udp URL',
  );
}

function isTracker(url: string): boolean {
  return /^(https?|udp):/.test(url);
}

function hostOf(url: string): string {
  return URL.parse(url)?.hostname.replace(/^\[(.*)\]$/, '$1') ?? url;
}

/** A link that leads only to this machine or into its network leads nowhere, unless the user says that he means it. */
function mustLeadFar(hosts: readonly string[], { webSeed, local, localAddress }: SourceFlags): void {
  if (local || localAddress !== undefined || (webSeed ?? []).length > 0) return;
  const [first] = hosts;
  if (first === undefined || hosts.some((host) => isIP(host) === 0 || isPublicAddress(host))) return;
  throw new UsageError(
    `all that the link or file names is on this machine or in its network (${first}), where links from strangers do not lead: give --local if you mean it`,
  );
}
