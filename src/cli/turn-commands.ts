import type { Command } from 'commander';
import { type Turn, turnRelease } from '../builder/index.ts';
import { readKeyFile } from '../statement/index.ts';
import { contextOf } from './context.ts';
import { addTallyOptions, type TallyArguments, tallyOf } from './tally-options.ts';

interface TurnArguments extends TallyArguments {
  readonly key: readonly string[];
  readonly reason: string;
  readonly by?: string;
}

/** Adds `supersede`, `takedown` and `revote` to `bitquorum release`. */
export function addTurnCommands(release: Command): void {
  const kinds = [
    ['supersede', "name the later release that takes this one's place; signed by its publisher"],
    [
      'takedown',
      'say that nobody should download it; signed by its publisher or by founders, who alone can lift it',
    ],
    [
      'revote',
      'ask a fresh panel about a release that has its verdict, or was taken down; signed by founders',
    ],
  ] as const;
  for (const [kind, description] of kinds) {
    const command = release
      .command(kind)
      .description(description)
      .argument('<release>', 'package URL or release digest')
      .requiredOption('--key <file...>', 'private key that signs; may be repeated')
      .requiredOption('--reason <text>', 'one line for everybody to read');
    if (kind === 'supersede') {
      command.requiredOption('--by <release>', 'package URL or digest of the release in its place');
    }
    addTallyOptions(command).action((name: string, args: TurnArguments, self: Command) =>
      turnAction(kind, name, args, self),
    );
  }
}

async function turnAction(
  kind: Turn['kind'],
  name: string,
  args: TurnArguments,
  command: Command,
): Promise<void> {
  const { output, signal } = contextOf(command);
  const { client, check } = tallyOf(args, signal);
  const { reason, by = '' } = args;
  const turn: Turn = kind === 'supersede' ? { kind, by, reason } : { kind, reason };
  const signers = await Promise.all(args.key.map((file) => readKeyFile(file)));
  const turned = await turnRelease(client, name, turn, { ...check, signers });
  output.result({ kind, ...turned }, `${kind.padEnd(9)} ${turned.release}\nentry     ${turned.index}`);
}
