import { join } from 'node:path';
import type { Command } from 'commander';
import { NOTE_LIMITS } from '../note/index.ts';
import type { RunningTally } from '../service/index.ts';
import { contextOf } from './context.ts';
import { readSmall } from './read-small.ts';

interface BackupArguments {
  readonly data: string;
}

interface RestoreArguments {
  readonly data: string;
  readonly lastHead?: string;
}

/** `bitquorum tally backup` and `bitquorum tally restore`. */
export function addBackupCommands(tally: Command): void {
  tally
    .command('backup <folder>')
    .description('copy the key and the log of a tally that does not run into a new folder')
    .requiredOption('--data <dir>', 'folder that `tally init` made')
    .action(backupAction);
  tally
    .command('restore <folder>')
    .description('make a data folder of a backup; a backup that is older than what the log signed never runs')
    .requiredOption('--data <dir>', 'folder to make')
    .option('--last-head <file>', 'the newest checkpoint that anybody has of this log, as its signed note')
    .action(restoreAction);
}

const DAY_MS = 24 * 3600 * 1000;

/**
 * Backs a running tally up at once, and then once a day; each time into a folder named for the time. The first one that
 * fails ends the tally's start, a later one is told on standard error. The answer ends it.
 */
export async function backupDaily(
  tally: RunningTally,
  folder: string,
  complain: (text: string) => void,
): Promise<() => void> {
  const backup = (): Promise<void> =>
    tally.backup(join(folder, new Date().toISOString().replaceAll(':', '-')));
  try {
    await backup();
  } catch (error) {
    await tally.close();
    throw error;
  }
  const timer = setInterval(() => {
    backup().catch((error: unknown) => complain(`no backup was written: ${String(error)}`));
  }, DAY_MS);
  return () => clearInterval(timer);
}

async function backupAction(folder: string, { data }: BackupArguments, command: Command): Promise<void> {
  const { output } = contextOf(command);
  const { backupStoppedTally } = await import('../service/index.ts');
  await backupStoppedTally(data, folder);
  output.result({ data, backup: folder }, `backup  ${folder}`);
}

async function restoreAction(folder: string, args: RestoreArguments, command: Command): Promise<void> {
  const { output, signal } = contextOf(command);
  const { restoreTally } = await import('../service/index.ts');
  const lastHead =
    args.lastHead === undefined
      ? undefined
      : await readSmall(args.lastHead, 'checkpoint', NOTE_LIMITS.noteBytes, signal);
  await restoreTally({
    backup: folder,
    dataFolder: args.data,
    ...(lastHead !== undefined && { lastHead }),
  });
  const next =
    lastHead === undefined
      ? 'it runs with --witness-policy, or when its newest checkpoint stands in head/checkpoint'
      : `run it  bitquorum tally run --data ${args.data}`;
  output.result({ data: args.data, backup: folder }, `data    ${args.data}\n${next}`);
}
