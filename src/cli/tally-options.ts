import { type Command, Option } from 'commander';
import { defaultStateFolder, type ReadOptions, TallyClient } from '../client/index.ts';
import { NoteError, parseVkey } from '../note/index.ts';
import { UsageError } from './exit-code.ts';

/** Options of every command that reads a tally. */
export interface TallyArguments {
  readonly tally?: string;
  readonly logKey?: string;
  readonly state: string;
  readonly allowStale?: boolean;
}

/** Adds `--tally`, `--log-key`, `--state` and `--allow-stale`, the first two also from the environment. */
export function addTallyOptions(command: Command): Command {
  return command
    .addOption(new Option('--tally <url>', 'address of the tally').env('BITQUORUM_TALLY'))
    .addOption(new Option('--log-key <vkey>', "the log's verifier key").env('BITQUORUM_LOG_KEY'))
    .option('--state <dir>', 'where the last checkpoint seen is kept', defaultStateFolder(process.env))
    .option('--allow-stale', 'go on although the log shows no sign of life, or a time to come');
}

/** The client, and how to check the log, from {@link addTallyOptions}. */
export function tallyOf(
  args: TallyArguments,
  signal: AbortSignal,
): { client: TallyClient; check: ReadOptions } {
  const { tally, logKey } = requireTally(args);
  return {
    client: new TallyClient(tally),
    check: {
      logKey,
      stateFolder: args.state,
      signal,
      nowMs: Date.now,
      ...(args.allowStale !== undefined && { allowStale: args.allowStale }),
    },
  };
}

/** The tally's address and the log's key, or what to write instead. */
export function requireTally({ tally, logKey }: Pick<TallyArguments, 'tally' | 'logKey'>): {
  tally: string;
  logKey: string;
} {
  if (!tally) throw new UsageError('give --tally URL, or set BITQUORUM_TALLY');
  return { tally, logKey: requireLogKey(logKey) };
}

/** The log's key, or what to write instead. */
export function requireLogKey(logKey: string | undefined): string {
  if (!logKey) {
    throw new UsageError("give --log-key VKEY (the log's operator publishes it), or set BITQUORUM_LOG_KEY");
  }
  try {
    parseVkey(logKey);
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    throw new UsageError(`--log-key: ${error.message}`);
  }
  return logKey;
}

/** Parses HOST:PORT, with brackets around an IPv6 host. */
export function parseHostPort(text: string): { host: string; port: number } {
  const [, bracketed, plain, digits] =
    /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits ?? 0);
  if (host !== undefined && port <= 65_535 && !/^\d+$/.test(host)) return { host, port };
  throw new UsageError(`${JSON.stringify(text)} is not HOST[:PORT], such as 127.0.0.1:6881 or [::1]:6881`);
}
