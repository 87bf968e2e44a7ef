import { type Command, Option } from 'commander';
import { printable, toHex } from '../bytes/index.ts';
import {
  type DownloadResult,
  Engine,
  type EngineOptions,
  type KeptDownload,
  type SwarmError,
  type TorrentSource,
} from '../swarm/index.ts';
import { parseMagnet, parseTorrent, readTorrentFile } from '../torrent/index.ts';
import type { PeerAddress } from '../wire/index.ts';
import { contextOf } from './context.ts';
import { collect, parsePeer } from './endpoint.ts';
import { UsageError } from './exit-code.ts';
import type { Output } from './output.ts';
import { formatSize } from './size.ts';
import { parseHostPort } from './tally-options.ts';
import { downloadLine } from './transfer-progress.ts';

interface DownloadFlags {
  readonly out: string;
  readonly peer?: readonly string[];
  readonly tracker?: readonly string[];
  readonly trackers: boolean;
  readonly webSeed?: readonly string[];
  readonly webSeeds: boolean;
  readonly listen?: string;
  readonly localAddress?: string;
  readonly encryption: EngineOptions['encryption'];
  readonly fresh?: boolean;
}

/** Adds `bitquorum download`. */
export function addDownloadCommand(program: Command): void {
  program
    .command('download')
    .description('download a BitTorrent v2 torrent, every block verified by SHA-256')
    .argument('<source>', 'magnet link (with "xt=urn:btmh:…") or .torrent file')
    .option('--out <dir>', 'folder to put it into', '.')
    .option('--peer <host:port>', 'peer to ask; may be given several times', collect)
    .option('--tracker <url>', 'HTTP or UDP tracker to ask besides; may be given several times', collect)
    .option('--no-trackers', 'ask none of the trackers in the link or file')
    .option('--web-seed <url>', 'HTTP server to fetch from besides; may be given several times', collect)
    .option('--no-web-seeds', 'fetch from none of the web seeds in the link or file')
    .option('--listen <host:port>', 'take connections in while downloading')
    .option('--local-address <address>', 'address that connections go out from')
    .option('--fresh', 'delete what an earlier try left, and begin anew')
    .addOption(
      new Option('--encryption <policy>', 'whether connections are encrypted (MSE)')
        .choices(['off', 'allow', 'prefer', 'require'])
        .default('allow'),
    )
    .action((source: string, flags: DownloadFlags, command: Command) => download(source, flags, command));
}

async function download(text: string, flags: DownloadFlags, command: Command): Promise<void> {
  const { output, signal } = contextOf(command);
  for (const url of flags.webSeed ?? []) {
    if (!/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
      throw new UsageError(`--web-seed ${url} is no http or https URL`);
  }
  const source = await readSource(text);
  const peers = (flags.peer ?? []).map(parsePeer);
  mustHaveSomebody(source, peers, flags);
  const listen = flags.listen === undefined ? undefined : parseHostPort(flags.listen);
  const engine = new Engine({
    ...listen,
    ...(flags.localAddress !== undefined && { localAddress: flags.localAddress }),
    encryption: flags.encryption,
  });
  const line = downloadLine(output);
  const startedMs = performance.now();
  try {
    if (listen) await engine.listen();
    const result = await engine.download(source, {
      folder: flags.out,
      fresh: flags.fresh ?? false,
      signal,
      trackers: flags.tracker ?? [],
      sourceTrackers: flags.trackers,
      peers,
      sourcePeers: true,
      webSeeds: flags.webSeed ?? [],
      sourceWebSeeds: flags.webSeeds,
      onProgress: line.update,
      onTrouble: (error) => tell(error, output),
      onKept: (kept) => {
        line.stop();
        tellKept(kept, output);
      },
    });
    line.stop();
    const { metainfo, path, progress, resumedBytes, isAlreadyThere } = result;
    const seconds = (performance.now() - startedMs) / 1000;
    output.say(wordsOf(result, seconds));
    const infoHashV2 = toHex(metainfo.infoHashV2);
    const { downloadedBytes, wastedBytes, bannedPeers } = progress;
    output.result(
      {
        event: 'done',
        path,
        infoHashV2,
        sizeBytes: metainfo.sizeBytes,
        seconds: Number(seconds.toFixed(3)),
        downloadedBytes,
        wastedBytes,
        bannedPeers,
        resumedBytes,
        alreadyThere: isAlreadyThere,
      },
      path,
    );
  } finally {
    line.stop();
    await engine.close();
  }
}

async function readSource(text: string): Promise<TorrentSource> {
  return /^magnet:/i.test(text) ? parseMagnet(text) : parseTorrent(await readTorrentFile(text));
}

function mustHaveSomebody(source: TorrentSource, peers: readonly PeerAddress[], flags: DownloadFlags): void {
  const hints = 'peers' in source ? source.peers : [];
  const trackers = [...(flags.tracker ?? []), ...(flags.trackers ? source.trackers : [])];
  if (peers.length > 0 || hints.length > 0 || flags.listen !== undefined) return;
  if (trackers.some((url) => /^(https?|udp):/.test(url))) return;
  const webSeeds = [...(flags.webSeed ?? []), ...(flags.webSeeds ? source.webSeeds : [])];
  if (webSeeds.length > 0 && 'infoBytes' in source) return;
  throw new UsageError(
    webSeeds.length > 0
      ? 'a magnet link tells no more than the name of a torrent, and web seeds do not know the rest: give --peer HOST:PORT or --tracker URL as well, or the .torrent file'
      : 'nobody to ask: give --peer HOST:PORT, or --tracker with an http, https or udp URL',
  );
}

function wordsOf({ metainfo, resumedBytes, isAlreadyThere }: DownloadResult, seconds: number): string {
  const size = formatSize(metainfo.sizeBytes);
  if (isAlreadyThere) return `already complete, ${size} verified in ${seconds.toFixed(1)} s`;
  const rate = formatSize((metainfo.sizeBytes - resumedBytes) / Math.max(seconds, 0.001));
  const rest = resumedBytes > 0 ? `, ${formatSize(resumedBytes)} of it from an earlier try` : '';
  return `${size} verified in ${seconds.toFixed(1)} s, ${rate}/s${rest}`;
}

/** What a download that ends too early leaves. */
function tellKept({ bytes, path }: KeptDownload, output: Output): void {
  if (output.json) output.result({ event: 'kept', bytes, path }, '');
  else {
    output.say(
      `${formatSize(bytes)} are kept in ${printable(path)}: the same command goes on from there, --fresh begins anew`,
    );
  }
}

/** What went wrong and did not end the download. */
function tell(error: SwarmError, output: Output): void {
  if (output.json) output.result({ event: 'trouble', code: error.code, message: error.message }, '');
  else output.say(output.colors.yellow(printable(error.message)));
}
