import type { Command } from 'commander';
import { printable, toHex } from '../bytes/index.ts';
import { Engine, keepYoungHeapSmall } from '../swarm/index.ts';
import { formatMagnet } from '../torrent/index.ts';
import type { PeerAddress } from '../wire/index.ts';
import { contextOf } from './context.ts';
import { collect, collectTracker } from './endpoint.ts';
import { UsageError } from './exit-code.ts';
import { LiveLine } from './live-line.ts';
import type { Output } from './output.ts';
import { addIdentityOptions, type IdentityFlags, identityOf } from './seed-identity.ts';
import { planSeed, type SeedPlan } from './seed-plan.ts';
import { placeOf, reachableAt, watchSeeding } from './seeding.ts';
import { formatCount, formatSize } from './size.ts';
import { parseHostPort } from './tally-options.ts';
import { addTransferOptions, engineOptionsOf, type TransferFlags } from './transfer-options.ts';

interface SeedFlags extends TransferFlags, IdentityFlags {
  readonly torrent?: readonly string[];
  readonly profile: string;
  readonly listen: string;
  readonly tracker?: readonly string[];
  readonly trackers: boolean;
}

/** Adds `bitquorum seed`. */
export function addSeedCommand(program: Command): void {
  const command = program
    .command('seed')
    .description('seed files or folders as BitTorrent v2 torrents until Ctrl-C')
    .argument('<path...>', 'file or folder; its torrent is PATH.torrent where that exists, else made')
    .option(
      '--torrent <file>',
      '.torrent file of the path at the same place; may be given several times',
      collect,
    )
    .option('--profile <profile>', 'of torrents that are made: hybrid or v2', 'hybrid')
    .option(
      '--listen <host:port>',
      'where to take connections in; port 0 lets the system choose, 0.0.0.0 is all addresses',
      '127.0.0.1:0',
    )
    .option(
      '--tracker <url>',
      'HTTP or UDP tracker to announce to; may be given several times',
      collectTracker,
    )
    .option('--no-trackers', 'announce to none of the trackers in the .torrent files');
  addIdentityOptions(addTransferOptions(command, false)).action(
    (paths: string[], flags: SeedFlags, self: Command) => seed(paths, flags, self),
  );
}

async function seed(paths: readonly string[], flags: SeedFlags, command: Command): Promise<void> {
  const { output, signal } = contextOf(command);
  const torrents = flags.torrent ?? [];
  if (torrents.length > paths.length) {
    throw new UsageError(
      `${formatCount(torrents.length, '--torrent')} for ${formatCount(paths.length, 'path')}`,
    );
  }
  const { profile } = flags;
  if (profile !== 'hybrid' && profile !== 'v2') {
    throw new UsageError(`--profile ${JSON.stringify(profile)}: give "hybrid" or "v2"`);
  }
  const identity = await identityOf(flags);
  keepYoungHeapSmall();
  const engine = new Engine({ ...parseHostPort(flags.listen), ...engineOptionsOf(flags) });
  const line = new LiveLine(output);
  try {
    const address = await engine.listen();
    if (output.json) output.result({ event: 'listening', ...address }, '');
    const seeded = new Map<string, string>();
    for (const [at, path] of paths.entries()) {
      const plan = await planSeed(path, { torrent: torrents[at], profile, output, signal });
      const infoHash = toHex(plan.metainfo.infoHashV2);
      const before = seeded.get(infoHash);
      if (before !== undefined)
        throw new UsageError(
          `${printable(path)} is the same torrent as ${printable(before)}: name one of them`,
        );
      seeded.set(infoHash, path);
      await engine.seed(plan.metainfo, plan.path, {
        trackers: flags.tracker ?? [],
        sourceTrackers: flags.trackers,
        identity,
        signal,
        isVerified: true,
        onTrouble: ({ code, message }) => {
          if (output.json) output.result({ event: 'trouble', code, message }, '');
          else line.say(output.colors.yellow(printable(message)));
        },
      });
      announce(plan, address, flags, output);
    }
    const isLocal = /^(127\.|::1$)/.test(address.host);
    line.say(`seeding ${formatCount(paths.length, 'torrent')} on ${placeOf(address)}, Ctrl-C ends it`);
    if (isLocal) {
      line.say(
        `only this machine gets there, by "bitquorum download LINK --local"; --listen 0.0.0.0:6881 lets others in`,
      );
    }
    await watchSeeding(engine, line, output, signal);
    const { uploadedBytes } = engine.statistics;
    output.say(`${formatSize(uploadedBytes)} sent`);
  } finally {
    line.stop();
    await engine.close();
  }
}

function announce(
  { metainfo, path }: SeedPlan,
  address: PeerAddress,
  flags: SeedFlags,
  output: Output,
): void {
  const { infoHashV2, infoHashV1, name, sizeBytes } = metainfo;
  const trackers = [...(flags.tracker ?? []), ...(flags.trackers ? metainfo.trackers : [])];
  const magnet = formatMagnet({
    infoHashV2,
    ...(infoHashV1 && { infoHashV1 }),
    name,
    sizeBytes,
    trackers: trackers.map(withoutToken),
    peers: reachableAt(address),
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
