import { type Command, InvalidArgumentError } from 'commander';
import { publishRelease, readRecipe } from '../builder/index.ts';
import { printable } from '../bytes/index.ts';
import { readLog, resolveRelease } from '../client/index.ts';
import { readKeyFile } from '../statement/index.ts';
import { type BuilderOnRelease, type ReleaseView, releaseViews } from '../tally/index.ts';
import { contextOf } from './context.ts';
import { ofFile } from './of-file.ts';
import type { Output } from './output.ts';
import { LONGEST_TEXT, readSmall } from './read-small.ts';
import { addTallyOptions, type TallyArguments, tallyOf } from './tally-options.ts';
import { addTurnCommands } from './turn-commands.ts';

interface PublishArguments extends TallyArguments {
  readonly key: string;
  readonly commitSeconds?: number;
  readonly voteSeconds?: number;
  readonly urgentBy?: readonly string[];
}

/** Adds `bitquorum release publish`, `list`, `show`, `supersede`, `takedown` and `revote`. */
export function addReleaseCommand(program: Command): void {
  const release = program.command('release').description('publish releases, and see how they stand');
  const publish = release
    .command('publish')
    .description('sign a release and log it, so that builders rebuild it')
    .argument('<recipe>', 'recipe file (TOML)')
    .requiredOption('--key <file>', "the publisher's private key")
    .option(
      '--commit-seconds <n>',
      "length of the commit window; the policy's shortest if not given",
      seconds,
    )
    .option('--vote-seconds <n>', "length of the vote window; the policy's shortest if not given", seconds)
    .option(
      '--urgent-by <file...>',
      'private keys of founders who sign beside the publisher: an urgent release',
    );
  addTallyOptions(publish).action(publishAction);
  addTallyOptions(release.command('list').description('all releases, counted from the log')).action(
    listAction,
  );
  const show = release
    .command('show')
    .description('one release: its groups, and why each builder counts or not')
    .argument('<release>', 'package URL or release digest');
  addTallyOptions(show).action(showAction);
  addTurnCommands(release);
}

async function publishAction(recipeFile: string, args: PublishArguments, command: Command): Promise<void> {
  const { output, signal } = contextOf(command);
  const bytes = await readSmall(recipeFile, 'recipe', LONGEST_TEXT, signal);
  const recipe = ofFile(recipeFile, () => readRecipe(bytes));
  const { client, check } = tallyOf(args, signal);
  const published = await publishRelease(client, recipe, {
    ...check,
    signer: await readKeyFile(args.key),
    ...(args.commitSeconds !== undefined && { commitSeconds: args.commitSeconds }),
    ...(args.voteSeconds !== undefined && { voteSeconds: args.voteSeconds }),
    urgentBy: await Promise.all((args.urgentBy ?? []).map((file) => readKeyFile(file))),
  });
  output.result(
    published,
    `package  ${published.package}\nrelease  ${published.release}\nentry    ${published.index}${published.alreadyThere ? ' (was there already)' : ''}\n` +
      `windows  ${published.commitSeconds} s to commit, ${published.voteSeconds} s to vote`,
  );
}

async function listAction(args: TallyArguments, command: Command): Promise<void> {
  const { output, signal } = contextOf(command);
  const { client, check } = tallyOf(args, signal);
  const releases = releaseViews(await readLog(client, check));
  const lines = releases.map(
    ({ digest, state, package: packageUrl }) =>
      `${digest.slice(0, 12)}  ${state.padEnd(11)} ${printable(packageUrl)}`,
  );
  output.result({ releases }, lines.length === 0 ? 'no releases yet' : lines.join('\n'));
}

async function showAction(name: string, args: TallyArguments, command: Command): Promise<void> {
  const { output, signal } = contextOf(command);
  const { client, check } = tallyOf(args, signal);
  const resolution = await resolveRelease(client, name, { ...check, full: true });
  output.result(resolution, showWords(resolution.release, output));
}

function showWords(release: ReleaseView, { colors }: Output): string {
  const groups = release.groups.map(({ infoHashV2, counted, total }) => {
    const line = `  ${infoHashV2}  ${counted} counted of ${total}`;
    return infoHashV2 === release.winner ? colors.green(`${line}  winner`) : line;
  });
  return [
    `package  ${printable(release.package)}`,
    `release  ${release.digest}`,
    `state    ${release.state}, ${release.quorum} ${release.quorum === 1 ? 'vote is' : 'votes are'} needed`,
    ...(release.ended === undefined
      ? []
      : [`because  ${printable(release.ended.reason)} (entry ${release.ended.index})`]),
    ...(release.lifted === undefined
      ? []
      : [
          `lifted   ${release.lifted.ending.kind} in entry ${release.lifted.ending.index}, until founders asked again (entry ${release.lifted.index})`,
        ]),
    ...(groups.length === 0 ? [] : ['groups', ...groups]),
    'builders',
    ...release.builders.map(builderLine),
  ].join('\n');
}

function builderLine({ key, operator, reason }: BuilderOnRelease): string {
  return `  ${key.slice(0, 12)}  ${printable(operator)}: ${printable(reason)}`;
}

function seconds(text: string): number {
  const value = Number(text);
  if (/^[1-9]\d{0,7}$/.test(text)) return value;
  throw new InvalidArgumentError('give a number of seconds');
}
