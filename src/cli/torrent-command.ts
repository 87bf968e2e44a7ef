import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import { printable, toHex } from '../bytes/index.ts';
import {
  assertCanonical,
  createTorrent,
  type Metainfo,
  type Profile,
  parseMagnet,
  readTorrentFile,
  summarizeV1,
  TorrentError,
  verifyTorrent,
  writeTorrentFile,
} from '../torrent/index.ts';
import { contextOf } from './context.ts';
import { UsageError } from './exit-code.ts';
import { hashProgress } from './hash-progress.ts';
import type { Output } from './output.ts';
import { formatCount, formatSize } from './size.ts';
import { parseTorrentOf, readTorrent } from './torrent-file.ts';
import { filesText, magnetText, problemsText, torrentJson, torrentText, v1Text } from './torrent-text.ts';

interface CreateFlags {
  readonly profile: string;
  readonly out?: string;
  readonly name?: string;
  readonly tracker?: readonly string[];
  readonly webSeed?: readonly string[];
  readonly threads?: string;
}

/** Adds `bitquorum torrent create`, `torrent show` and `torrent verify`. */
export function addTorrentCommand(program: Command): void {
  const torrent = program
    .command('torrent')
    .description('make, read and check canonical BitTorrent v2 torrents');

  torrent
    .command('create')
    .description('make the canonical torrent of a file or folder: equal bytes give equal infohashes')
    .argument('<path>', 'file or folder')
    .option('--profile <profile>', 'hybrid (opens in v1 and v2 clients) or v2 (without SHA-1)', 'hybrid')
    .option('--out <file>', 'where to write it (default: the name, with .torrent after it)')
    .option('--name <name>', 'name of the torrent (default: that of the file or folder)')
    .option('--tracker <url>', 'announce URL; may be given several times', collect)
    .option('--web-seed <url>', 'URL that has the content; may be given several times', collect)
    .option('--threads <n>', 'threads that hash (default: one a processor)')
    .action((path: string, flags: CreateFlags, command: Command) => create(path, flags, command));

  torrent
    .command('show')
    .description('print what a .torrent file or a magnet link says, after checking it')
    .argument('<torrent>', '.torrent file or magnet link')
    .action((source: string, _flags: unknown, command: Command) => show(source, contextOf(command).output));

  torrent
    .command('verify')
    .description('check files against a torrent, block by block; exit code 4 when they differ')
    .argument('<torrent>', '.torrent file')
    .argument('<path>', 'the file, or the folder of a tree')
    .option('--threads <n>', 'threads that hash (default: one a processor)')
    .action((file: string, path: string, flags: { threads?: string }, command: Command) =>
      verify(file, path, flags, command),
    );
}

async function create(path: string, flags: CreateFlags, command: Command): Promise<void> {
  const { output, signal } = contextOf(command);
  const options = {
    profile: profileOf(flags.profile),
    name: flags.name,
    trackers: flags.tracker,
    webSeeds: flags.webSeed,
    threads: threadsOf(flags.threads),
    signal,
  };
  const started = performance.now();
  const line = hashProgress(output);
  const { torrent, metainfo } = await createTorrent(path, { ...options, onProgress: line.update }).finally(
    line.stop,
  );
  const out = flags.out === undefined ? `${metainfo.name}.torrent` : flags.out;
  await writeTorrentFile(resolve(out), torrent);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  output.say(`${formatSize(metainfo.sizeBytes)} hashed in ${seconds} s, written to ${printable(out)}`);
  output.result(torrentJson(metainfo), torrentText(metainfo));
}

async function show(source: string, output: Output): Promise<void> {
  if (/^magnet:/i.test(source)) {
    const magnet = parseMagnet(source);
    const { infoHashV1, infoHashV2, ...rest } = magnet;
    output.result(
      { kind: 'magnet', infoHashV2: hexOrNull(infoHashV2), infoHashV1: hexOrNull(infoHashV1), ...rest },
      magnetText(magnet),
    );
    return;
  }
  const bytes = await readTorrentFile(source);
  let metainfo: Metainfo;
  try {
    metainfo = parseTorrentOf(source, bytes);
  } catch (error) {
    if (!(error instanceof TorrentError) || error.code !== 'v1-only') throw error;
    const summary = summarizeV1(bytes);
    const files = summary.files.map(({ path, sizeBytes }) => ({ path: path.join('/'), sizeBytes }));
    output.result(
      { kind: 'v1', canonical: false, ...summary, infoHashV1: toHex(summary.infoHashV1), files },
      v1Text(summary),
    );
    return;
  }
  const { profile, name, trackers, webSeeds } = metainfo;
  const objection = objectionTo(metainfo);
  output.result(
    {
      kind: profile,
      canonical: objection === undefined,
      name,
      ...torrentJson(metainfo),
      trackers,
      webSeeds,
    },
    [
      torrentText(metainfo),
      `vote         ${objection ?? 'yes: this is the canonical form'}`,
      filesText(metainfo),
    ].join('\n'),
  );
}

async function verify(
  file: string,
  path: string,
  flags: { threads?: string },
  command: Command,
): Promise<void> {
  const { output, signal } = contextOf(command);
  const metainfo = await readTorrent(file);
  const line = hashProgress(output);
  const { matches, problems } = await verifyTorrent(metainfo, path, {
    threads: threadsOf(flags.threads),
    signal,
    onProgress: line.update,
  }).finally(line.stop);
  const listed = problems.map((problem) => ({ ...problem, path: problem.path.join('/') }));
  output.result(
    { matches, infoHashV2: toHex(metainfo.infoHashV2), problems: listed },
    matches
      ? `${printable(path)} matches: ${formatCount(metainfo.files.length, 'file')}, ${formatSize(metainfo.sizeBytes)}`
      : problemsText(problems),
  );
  if (!matches) {
    throw new TorrentError(
      'mismatch',
      `${printable(path)} does not match ${printable(basename(file))}: ${formatCount(problems.length, 'file')} of ${metainfo.files.length} differ`,
    );
  }
}

/** Why a torrent can be no vote. */
function objectionTo(metainfo: Metainfo): string | undefined {
  try {
    assertCanonical(metainfo);
    return undefined;
  } catch (error) {
    if (!(error instanceof TorrentError)) throw error;
    return `no: ${error.message}`;
  }
}

function profileOf(text: string): Profile {
  if (text !== 'hybrid' && text !== 'v2') {
    throw new UsageError(`--profile ${JSON.stringify(text)}: give "hybrid" or "v2"`);
  }
  return text;
}

function threadsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9][0-9]{0,2}$/.test(text))
    throw new UsageError(`--threads ${JSON.stringify(text)}: give 1 to 999`);
  return Number(text);
}

function hexOrNull(bytes: Uint8Array | undefined): string | null {
  return bytes ? toHex(bytes) : null;
}

function collect(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value];
}
