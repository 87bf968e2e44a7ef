import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { printable } from '../bytes/index.ts';
import { ClientError, LogFolder, readLog } from '../client/index.ts';
import type { Tally } from '../tally/index.ts';
import { contextOf } from './context.ts';
import { UsageError } from './exit-code.ts';
import { explain } from './explanation.ts';
import { explanationText } from './explanation-text.ts';
import { addTallyOptions, requireLogKey, type TallyArguments, tallyOf } from './tally-options.ts';

interface ExplainArguments extends TallyArguments {
  readonly log?: string;
}

/** Adds `bitquorum explain WHAT`. */
export function addExplainCommand(program: Command): void {
  const command = program
    .command('explain')
    .description(
      'read a log whole, count it, and say why: each builder in one sentence, with the entry that proves it',
    )
    .argument('<what>', 'release digest, package URL, or a builder’s key or operator');
  addTallyOptions(command)
    .option('--log <folder>', "a copy of the log's files (checkpoint, tile/entries/…) instead of a tally")
    .action(explainAction);
}

async function explainAction(what: string, args: ExplainArguments, command: Command): Promise<void> {
  const { output, signal } = contextOf(command);
  if (args.log !== undefined && command.getOptionValueSource('tally') === 'cli')
    throw new UsageError('give --tally or --log, not both');
  const read =
    args.log === undefined
      ? fromTally(args, signal)
      : fromFolder(args.log, requireLogKey(args.logKey), signal);
  output.say('reading the log …');
  const tally = await read;
  const explanation = explain(tally, what);
  if (explanation === undefined) {
    throw new ClientError(
      'not-found',
      `the log ${tally.context.origin} knows no release, package or builder ${JSON.stringify(printable(what))}`,
    );
  }
  const { origin } = tally.context;
  const log = { origin, size: tally.size, timeMs: tally.timeMs };
  output.result({ ...explanation, log }, explanationText(explanation, log));
}

function fromTally(args: ExplainArguments, signal: AbortSignal): Promise<Tally> {
  const { client, check } = tallyOf(args, signal);
  return readLog(client, check);
}

/** A copy may be old, and older than what was seen of the log before: neither is held against it. */
async function fromFolder(folder: string, logKey: string, signal: AbortSignal): Promise<Tally> {
  const stateFolder = await mkdtemp(join(tmpdir(), 'bitquorum-explain-'));
  try {
    return await readLog(new LogFolder(folder), {
      logKey,
      stateFolder,
      signal,
      nowMs: Date.now,
      allowStale: true,
    });
  } finally {
    await rm(stateFolder, { recursive: true, force: true });
  }
}
