import type { TorrentSource } from '../swarm/index.ts';
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
}

/** Reads a magnet link, or the `.torrent` file at a path. */
export async function readSource(text: string): Promise<TorrentSource> {
  return /^magnet:/i.test(text) ? parseMagnet(text) : readTorrent(text);
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
  if (peers.length > 0 || hints.length > 0 || flags.listen !== undefined || usesDht(flags)) return;
  if (trackersOf(source, flags).some((url) => /^(https?|udp):/.test(url))) return;
  const webSeeds = [...(flags.webSeed ?? []), ...(flags.webSeeds ? source.webSeeds : [])];
  if (webSeeds.length > 0 && 'infoBytes' in source) return;
  throw new UsageError(
    webSeeds.length > 0
      ? 'a magnet link tells no more than the name of a torrent, and web seeds do not know the rest: give --peer HOST:PORT or --tracker URL as well, or the .torrent file'
      : 'nobody to ask: give --peer HOST:PORT, or --tracker with an http, https or udp URL',
  );
}

function trackersOf(source: TorrentSource, flags: SourceFlags): readonly string[] {
  return [...(flags.tracker ?? []), ...(flags.trackers ? source.trackers : [])];
}
