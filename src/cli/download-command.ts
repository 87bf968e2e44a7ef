import type { Command } from 'commander';
import { Engine, keepYoungHeapSmall, SwarmError, type TorrentSource } from '../swarm/index.ts';
import type { PeerAddress } from '../wire/index.ts';
import { contextOf } from './context.ts';
import { usesDht } from './dht-options.ts';
import { DownloadReport } from './download-report.ts';
import { mustHaveSomebody, readSource, type SourceFlags } from './download-source.ts';
import { collect, collectTracker, parsePeer } from './endpoint.ts';
import { UsageError } from './exit-code.ts';
import { LiveLine } from './live-line.ts';
import { Patience } from './patience.ts';
import { parseDuration } from './rate.ts';
import { placeOf, watchSeeding } from './seeding.ts';
import { OutputBeside, streamFile } from './stream-file.ts';
import { parseHostPort } from './tally-options.ts';
import { addTransferOptions, engineOptionsOf, type TransferFlags } from './transfer-options.ts';
import { downloadLine, formatDuration } from './transfer-progress.ts';

interface DownloadFlags extends SourceFlags, TransferFlags {
  readonly out: string;
  readonly peer?: readonly string[];
  readonly fresh?: boolean;
  readonly seed?: boolean;
  readonly timeout?: string;
  readonly stdout?: boolean;
  readonly file?: string;
}

/** Adds `bitquorum download`. */
export function addDownloadCommand(program: Command): void {
  const command = program
    .command('download')
    .description('download a BitTorrent v2 torrent, every block verified by SHA-256')
    .argument('<source>', 'magnet link (with "xt=urn:btmh:…") or .torrent file')
    .option('--out <dir>', 'folder to put it into', '.')
    .option('--peer <host:port>', 'peer to ask; may be given several times', collect)
    .option(
      '--tracker <url>',
      'HTTP or UDP tracker to ask besides; may be given several times',
      collectTracker,
    )
    .option('--no-trackers', 'ask none of the trackers in the link or file')
    .option('--web-seed <url>', 'HTTP server to fetch from besides; may be given several times', collect)
    .option('--no-web-seeds', 'fetch from none of the web seeds in the link or file')
    .option('--listen <host:port>', 'take connections in while downloading')
    .option('--local', 'go where the link or file leads on this machine and in its network, too')
    .option('--stdout', 'write a file to standard output while it comes, such as for a player')
    .option('--file <path>', 'which file of the torrent --stdout writes: the largest unless it is said')
    .option('--seed', 'go on seeding when it is complete, until Ctrl-C')
    .option('--timeout <time>', 'give up when nothing has come for so long: 30s, 5m, 2h')
    .option('--fresh', 'delete what an earlier try left, and begin anew');
  addTransferOptions(command, true).action((source: string, flags: DownloadFlags, self: Command) =>
    download(source, flags, self),
  );
}

async function download(text: string, flags: DownloadFlags, command: Command): Promise<void> {
  if (flags.file !== undefined && !flags.stdout) {
    throw new UsageError('--file says which file --stdout writes: give both');
  }
  const context = contextOf(command);
  const { signal } = context;
  const output = flags.stdout ? new OutputBeside(context.output) : context.output;
  const source = await readSource(text);
  const peers = (flags.peer ?? []).map(parsePeer);
  mustHaveSomebody(source, peers, flags);
  const listen = flags.listen === undefined ? undefined : parseHostPort(flags.listen);
  const patienceMs =
    flags.timeout === undefined ? Infinity : parseDuration('--timeout', flags.timeout) * 1000;
  keepYoungHeapSmall();
  const engine = new Engine({ ...listen, ...engineOptionsOf(flags), trustsSources: flags.local ?? false });
  const line = new LiveLine(output);
  const named = new Set(peers.map(placeOf));
  const report = new DownloadReport(output, line, hintsOf(source), named);
  report.follow(engine);
  const patience = new Patience({
    engine,
    named,
    advice: adviceFor(flags),
    tell: (words) => report.waiting(words),
  });
  const givingUp = new AbortController();
  const shown = downloadLine(output, line);
  const startedMs = performance.now();
  try {
    if (listen) {
      const address = await engine.listen();
      if (output.json) output.result({ event: 'listening', ...address }, '');
    }
    const download = await engine.start(source, {
      folder: flags.out,
      fresh: flags.fresh ?? false,
      keepSeeding: flags.seed ?? false,
      signal: AbortSignal.any([signal, givingUp.signal]),
      trackers: flags.tracker ?? [],
      sourceTrackers: flags.trackers,
      peers,
      sourcePeers: true,
      webSeeds: flags.webSeed ?? [],
      sourceWebSeeds: flags.webSeeds,
      onProgress: (progress) => {
        shown.update(progress);
        if (patience.silentMs >= patienceMs) givingUp.abort(tooLong(patienceMs));
      },
      onTrouble: (error) => report.trouble(error),
      onKept: (kept) => report.kept(kept),
    });
    if (flags.stdout) await streamFile(download, flags.file, signal);
    const result = await download.done;
    report.done(result, (performance.now() - startedMs) / 1000);
    if (flags.seed) {
      output.say('seeding, Ctrl-C ends it');
      await watchSeeding(engine, line, output, signal);
    }
  } finally {
    line.stop();
    await engine.close();
  }
}

function hintsOf(source: TorrentSource): readonly PeerAddress[] {
  return 'peers' in source ? source.peers : [];
}

function adviceFor(flags: DownloadFlags): string {
  const ways = [
    'name a seeder by --peer HOST:PORT',
    'another tracker by --tracker URL',
    ...(usesDht(flags) ? [] : ['ask the DHT by --dht']),
    ...(flags.listen === undefined ? ['or let others connect to you by --listen 0.0.0.0:6881'] : []),
  ];
  return `You can wait, ${ways.join(', ')}`;
}

function tooLong(milliseconds: number): SwarmError {
  return new SwarmError('timed-out', `given up: nothing has come for ${formatDuration(milliseconds / 1000)}`);
}
