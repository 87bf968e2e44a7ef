import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import { printable, toHex } from '../bytes/index.ts';
import { Engine, type EngineOptions, type Swarm } from '../swarm/index.ts';
import {
  createTorrent,
  formatMagnet,
  type Metainfo,
  parseTorrent,
  readTorrentFile,
} from '../torrent/index.ts';
import type { PeerAddress } from '../wire/index.ts';
import { contextOf } from './context.ts';
import { collect } from './endpoint.ts';
import { UsageError } from './exit-code.ts';
import { hashProgress } from './hash-progress.ts';
import type { Output } from './output.ts';
import { formatCount, formatSize } from './size.ts';
import { parseHostPort } from './tally-options.ts';
import { statusLine } from './transfer-progress.ts';

interface SeedFlags {
  readonly torrent?: readonly string[];
  readonly profile: string;
  readonly listen: string;
  readonly tracker?: readonly string[];
  readonly trackers: boolean;
  readonly localAddress?: string;
  readonly encryption: EngineOptions['encryption'];
}

const STATUS_MS = 1000;
const JSON_STATUS_MS = 5000;

/** Adds `bitquorum seed`. */
export function addSeedCommand(program: Command): void {
  program
    .command('seed')
    .description('seed files or folders as BitTorrent v2 torrents until Ctrl-C')
    .argument('<path...>', 'file or folder; its canonical torrent is made unless --torrent gives one')
    .option(
      '--torrent <file>',
      '.torrent file of the path at the same place; may be given several times',
      collect,
    )
    .option('--profile <profile>', 'of torrents that are made: hybrid or v2', 'hybrid')
    .option(
      '--listen <host:port>',
      'where to take connections in; port 0 lets the system choose',
      '127.0.0.1:0',
    )
    .option('--tracker <url>', 'HTTP or UDP tracker to announce to; may be given several times', collect)
    .option('--no-trackers', 'announce to none of the trackers in the .torrent files')
    .option('--local-address <address>', 'address that announces go out from')
    .addOption(
      new Option('--encryption <policy>', 'whether connections are encrypted (MSE)')
        .choices(['off', 'allow', 'prefer', 'require'])
        .default('allow'),
    )
    .action((paths: string[], flags: SeedFlags, command: Command) => seed(paths, flags, command));
}

async function seed(paths: readonly string[], flags: SeedFlags, command: Command): Promise<void> {
  const { output, signal } = contextOf(command);
  const torrents = flags.torrent ?? [];
  if (torrents.length > paths.length) {
    throw new UsageError(
      `${formatCount(torrents.length, '--torrent')} for ${formatCount(paths.length, 'path')}`,
    );
  }
  if (flags.profile !== 'hybrid' && flags.profile !== 'v2') {
    throw new UsageError(`--profile ${JSON.stringify(flags.profile)}: give "hybrid" or "v2"`);
  }
  const engine = new Engine({
    ...parseHostPort(flags.listen),
    ...(flags.localAddress !== undefined && { localAddress: flags.localAddress }),
    encryption: flags.encryption,
  });
  try {
    const address = await engine.listen();
    if (output.json) output.result({ event: 'listening', ...address }, '');
    const swarms: Swarm[] = [];
    for (const [at, path] of paths.entries()) {
      const metainfo = await metainfoOf(path, torrents[at], flags.profile, output, signal);
      const trackers = [...(flags.tracker ?? []), ...(flags.trackers ? metainfo.trackers : [])];
      swarms.push(
        await engine.seed(metainfo, path, {
          trackers: flags.tracker ?? [],
          sourceTrackers: flags.trackers,
          signal,
          isVerified: torrents[at] === undefined,
          onTrouble: (error) => output.say(output.colors.yellow(printable(error.message))),
        }),
      );
      announce(metainfo, path, address, trackers, output);
    }
    await watch(swarms, address, output, signal);
  } finally {
    await engine.close();
  }
}

async function metainfoOf(
  path: string,
  torrent: string | undefined,
  profile: 'hybrid' | 'v2',
  output: Output,
  signal: AbortSignal,
): Promise<Metainfo> {
  if (torrent !== undefined) return parseTorrent(await readTorrentFile(torrent));
  const line = hashProgress(output);
  const made = await createTorrent(path, { profile, signal, onProgress: line.update }).finally(line.stop);
  return made.metainfo;
}

function announce(
  metainfo: Metainfo,
  path: string,
  address: PeerAddress,
  trackers: readonly string[],
  output: Output,
): void {
  const { infoHashV2, infoHashV1, name, sizeBytes } = metainfo;
  const magnet = formatMagnet({
    infoHashV2,
    ...(infoHashV1 && { infoHashV1 }),
    name,
    sizeBytes,
    trackers: trackers.map(withoutToken),
    peers: [address],
  });
  output.result(
    { event: 'seeding', path, name, infoHashV2: toHex(infoHashV2), sizeBytes, magnet },
    `${printable(name)}  ${formatSize(sizeBytes)}\n${printable(magnet)}\n`,
  );
}

/** A tracker's URL for others: a builder's own announce URL holds a secret, the tally's common one does not. */
function withoutToken(tracker: string): string {
  return tracker.replace(/\/announce\/[\w-]{43}$/, '/announce');
}

/** Shows what is going on until the signal ends it. */
async function watch(
  swarms: readonly Swarm[],
  address: PeerAddress,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const line = statusLine(output);
  const place = `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
  output.say(`seeding ${formatCount(swarms.length, 'torrent')} on ${place}, Ctrl-C ends it`);
  while (!signal.aborted) {
    const sum = { peers: 0, uploadedBytes: 0, uploadBytesPerSecond: 0 };
    for (const { progress } of swarms) {
      sum.peers += progress.peers;
      sum.uploadedBytes += progress.uploadedBytes;
      sum.uploadBytesPerSecond += progress.uploadBytesPerSecond;
    }
    line.update(
      `${formatCount(sum.peers, 'peer')}  ${formatSize(sum.uploadBytesPerSecond)}/s  ${formatSize(sum.uploadedBytes)} sent`,
    );
    if (output.json) output.result({ event: 'status', ...sum }, '');
    await pause(output.json ? JSON_STATUS_MS : STATUS_MS, signal);
  }
  line.stop();
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(milliseconds, undefined, { signal });
  } catch {
    // The signal ended the pause: the loop looks at it.
  }
}
