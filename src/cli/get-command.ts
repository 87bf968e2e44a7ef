import { type Command, Option } from 'commander';
import { printable } from '../bytes/index.ts';
import { type GetProgress, type Got, getRelease, NoWinnerError, type Winner } from '../client/index.ts';
import { contextOf } from './context.ts';
import { collect, parsePeer } from './endpoint.ts';
import { UsageError } from './exit-code.ts';
import type { Output } from './output.ts';
import { ownAddressOption } from './own-address.ts';
import { formatCount } from './size.ts';
import { downloadLine, type TransferLine } from './transfer-progress.ts';
import { addTrustOptions, readWitnesses, type TrustArguments, talliesOf } from './trust-options.ts';
import { demoWords, trustJson, trustWords } from './trust-words.ts';

interface GetArguments extends TrustArguments {
  readonly tally?: readonly string[];
  readonly full?: boolean;
  readonly provisional?: boolean;
  readonly askSwarm?: string | true;
  readonly allowStale?: boolean;
  readonly out: string;
  readonly peer?: readonly string[];
  readonly localAddress?: string;
  readonly force?: boolean;
}

/** Adds `bitquorum get RELEASE`. */
export function addGetCommand(program: Command): void {
  const command = program
    .command('get')
    .description('download what most builders agree on, after checking why they count')
    .argument('<release>', 'package URL (pkg:npm/%40noble/hashes@2.0.1) or release digest');
  const tally = new Option('--tally <url>', 'address of the tally; several must name the same winner');
  addTrustOptions(command)
    .addOption(tally.argParser(collect).env('BITQUORUM_TALLY'))
    .option('--full', 'read and count the whole log, instead of asking for a proof')
    .option(
      '--provisional',
      'with --full: take what founders and elders agree on before the verdict of an urgent release',
    )
    .option('--ask-swarm [number]', 'have so many builders prove over the net that they seed it (1)')
    .option('--allow-stale', 'go on although the log shows no sign of life, or a time to come')
    .option('--out <dir>', 'folder for the file', '.')
    .option('--peer <host:port>', 'peer to ask besides; may be given several times', collect)
    .addOption(ownAddressOption('--local-address', 'address that connections go out from'))
    .option('--force', "replace a file of another content at the target's place")
    .action(getAction);
}

async function getAction(release: string, args: GetArguments, command: Command): Promise<void> {
  const { output, signal } = contextOf(command);
  if (args.provisional === true && args.full !== true && args.level !== 'full')
    throw new UsageError('--provisional needs --full: a proof holds no votes beyond the panel');
  const [first, ...others] = talliesOf(args.tally, args.logKey);
  const line = output.json ? undefined : downloadLine(output);
  try {
    const got = await getRelease(first.client, release, {
      logKey: first.logKey,
      others,
      stateFolder: args.state,
      witnesses: await readWitnesses(args.witnesses, signal),
      full: args.full === true,
      provisional: args.provisional === true,
      level: args.level,
      askSwarm: parseLeast(args.askSwarm),
      allowStale: args.allowStale === true,
      signal,
      nowMs: Date.now,
      outFolder: args.out,
      peers: (args.peer ?? []).map(parsePeer),
      ...(args.localAddress !== undefined && { localAddress: args.localAddress }),
      ...(args.force !== undefined && { replace: args.force }),
      onProgress: (progress) => tell(progress, output, line),
    });
    line?.stop();
    output.result(gotJson(got), gotWords(got, output));
  } catch (error) {
    line?.stop();
    if (error instanceof NoWinnerError && output.json) {
      const { origin, size, policy, release: view } = error.resolution;
      output.result({ origin, size, policy, release: view }, '');
    }
    throw error;
  }
}

function parseLeast(text: string | true | undefined): number | undefined {
  if (text === undefined || text === true) return text && 1;
  if (/^[1-9]\d?$/.test(text)) return Number(text);
  throw new UsageError(`--ask-swarm ${JSON.stringify(text)}: give how many builders, 1 to 99`);
}

function gotJson({ path, sha256, sizeBytes, winner, alreadyThere, asked, proofPath }: Got) {
  const { origin, size, timeMs, policy, release, group, agreed, dissent } = winner;
  return {
    path,
    ...(sha256 !== undefined && { sha256 }),
    sizeBytes,
    alreadyThere,
    infoHashV2: group.infoHashV2,
    package: release.package,
    release: release.digest,
    state: release.state,
    ...trustJson(winner),
    ...(asked !== undefined && { asked }),
    ...(proofPath !== undefined && { proof: proofPath }),
    agreed: agreed.map(({ key, operator }) => ({ key, operator })),
    dissent: dissent.map(({ key, operator, infoHashV2 }) => ({
      key,
      operator,
      infoHashV2: infoHashV2 ?? null,
    })),
    log: { origin, size, timeMs, policy },
  };
}

function gotWords({ path, sha256, winner, alreadyThere, asked, proofPath }: Got, output: Output): string {
  const { group, agreed, dissent, origin, size, policy } = winner;
  const operators = (list: Winner['agreed']): string =>
    list.map(({ operator }) => printable(operator)).join(', ');
  const lines = [
    `file      ${path}${alreadyThere ? ' (was there already)' : ''}`,
    ...(sha256 === undefined ? [] : [`sha256    ${sha256}`]),
    `infohash  ${group.infoHashV2}`,
    `agreed    ${agreed.length}: ${operators(agreed)}`,
    `dissent   ${dissent.length === 0 ? 'none' : `${dissent.length}: ${operators(dissent)}`}`,
    ...(asked === undefined
      ? []
      : [
          `seeders   ${formatCount(asked.proved.length, 'builder')} proved to hold a key, of ${asked.asked} that were asked`,
        ]),
    `log       ${printable(origin)}, ${formatCount(size, 'entry', 'entries')}`,
    ...trustWords(winner, output),
    ...(proofPath === undefined ? [] : [`proof     ${proofPath}`]),
    ...demoWords(policy, output),
  ];
  return lines.join('\n');
}

function tell(progress: GetProgress, output: Output, line: TransferLine | undefined): void {
  switch (progress.phase) {
    case 'log':
      output.say('reading the log …');
      return;
    case 'resolved': {
      const { release, agreed } = progress.winner;
      output.say(
        `${printable(release.package)}: ${agreed.length === 1 ? '1 builder agrees' : `${agreed.length} builders agree`}, ${release.state}`,
      );
      return;
    }
    case 'download':
      line?.update(progress.progress);
      return;
    case 'verify':
      line?.stop();
      output.say('verifying every block by SHA-256 …');
  }
}
