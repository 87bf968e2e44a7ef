import type { Command } from 'commander';
import { printable } from '../bytes/index.ts';
import { type GetProgress, type Got, getRelease, NoWinnerError, type Winner } from '../client/index.ts';
import { contextOf } from './context.ts';
import { collect, parsePeer } from './endpoint.ts';
import type { Output } from './output.ts';
import { addTallyOptions, type TallyArguments, tallyOf } from './tally-options.ts';
import { downloadLine, type TransferLine } from './transfer-progress.ts';

interface GetArguments extends TallyArguments {
  readonly out: string;
  readonly peer?: readonly string[];
  readonly localAddress?: string;
  readonly force?: boolean;
}

/** Adds `bitquorum get RELEASE`. */
export function addGetCommand(program: Command): void {
  const command = program
    .command('get')
    .description('download what most builders agree on, after checking the log and counting again')
    .argument('<release>', 'package URL (pkg:npm/%40noble/hashes@2.0.1) or release digest');
  addTallyOptions(command)
    .option('--out <dir>', 'folder for the file', '.')
    .option('--peer <host:port>', 'peer to ask besides; may be given several times', collect)
    .option('--local-address <address>', 'address that connections go out from')
    .option('--force', "replace a file of another content at the target's place")
    .action(getAction);
}

async function getAction(release: string, args: GetArguments, command: Command): Promise<void> {
  const { output, signal } = contextOf(command);
  const { client, check } = tallyOf(args, signal);
  const line = output.json ? undefined : downloadLine(output);
  try {
    const got = await getRelease(client, release, {
      ...check,
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

function gotJson({ path, sha256, sizeBytes, winner, alreadyThere }: Got) {
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
    agreed: agreed.map(({ key, operator }) => ({ key, operator })),
    dissent: dissent.map(({ key, operator, infoHashV2 }) => ({
      key,
      operator,
      infoHashV2: infoHashV2 ?? null,
    })),
    log: { origin, size, timeMs, policy },
  };
}

function gotWords({ path, sha256, winner, alreadyThere }: Got, { colors }: Output): string {
  const { group, agreed, dissent, origin, size, policy } = winner;
  const operators = (list: Winner['agreed']): string =>
    list.map(({ operator }) => printable(operator)).join(', ');
  const lines = [
    `file      ${path}${alreadyThere ? ' (was there already)' : ''}`,
    ...(sha256 === undefined ? [] : [`sha256    ${sha256}`]),
    `infohash  ${group.infoHashV2}`,
    `agreed    ${agreed.length}: ${operators(agreed)}`,
    `dissent   ${dissent.length === 0 ? 'none' : `${dissent.length}: ${operators(dissent)}`}`,
    `log       ${printable(origin)}, ${size} entries checked and counted again`,
  ];
  if (policy.demo)
    lines.push(colors.yellow(`policy    "${printable(policy.name)}" is a demo: its windows are short`));
  return lines.join('\n');
}

function tell(progress: GetProgress, output: Output, line: TransferLine | undefined): void {
  switch (progress.phase) {
    case 'log':
      output.say('reading the log …');
      return;
    case 'resolved': {
      const { release, agreed } = progress.winner;
      output.say(`${printable(release.package)}: ${agreed.length} builders agree, ${release.state}`);
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
