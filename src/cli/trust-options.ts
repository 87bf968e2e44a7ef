import { type Command, Option } from 'commander';
import { defaultStateFolder, LEVELS, type Level, TallyClient, type TallyPlace } from '../client/index.ts';
import { NoteError, parseTlogPolicy, TLOG_POLICY_LIMITS, type TlogPolicy } from '../note/index.ts';
import { collect } from './endpoint.ts';
import { UsageError } from './exit-code.ts';
import { readSmall } from './read-small.ts';
import { requireTally } from './tally-options.ts';

/** Options by which a user says how far a log is trusted. */
export interface TrustArguments {
  readonly logKey?: readonly string[];
  readonly witnesses?: string;
  readonly level?: Level;
  readonly state: string;
}

/** Adds `--log-key`, `--witnesses`, `--level` and `--state`. */
export function addTrustOptions(command: Command): Command {
  const logKey = new Option(
    '--log-key <vkey>',
    "the log's verifier key; of several tallies one each, or one for all",
  );
  return command
    .addOption(logKey.argParser(collect).env('BITQUORUM_LOG_KEY'))
    .option('--witnesses <file>', 'trust policy (C2SP tlog-policy): witnesses that must have cosigned')
    .addOption(new Option('--level <level>', 'the weakest level that will do').choices(LEVELS))
    .option('--state <dir>', 'where the last checkpoint seen is kept', defaultStateFolder(process.env));
}

/** The tallies of `--tally`, each with the key of its log. Throws a {@link UsageError}. */
export function talliesOf(
  tallies: readonly string[] = [],
  logKeys: readonly string[] = [],
): readonly [TallyPlace, ...TallyPlace[]] {
  if (logKeys.length > 1 && logKeys.length !== tallies.length) {
    throw new UsageError(
      `give one --log-key for all, or one for each of the ${tallies.length} tallies, in their order`,
    );
  }
  const placeOf = (tally: string | undefined, logKey: string | undefined): TallyPlace => {
    const checked = requireTally({
      ...(tally !== undefined && { tally }),
      ...(logKey !== undefined && { logKey }),
    });
    return { client: new TallyClient(checked.tally), logKey: checked.logKey };
  };
  const [first, ...others] = tallies;
  return [
    placeOf(first, logKeys[0]),
    ...others.map((tally, at) => placeOf(tally, logKeys[at + 1] ?? logKeys[0])),
  ];
}

/** The trust policy of `--witnesses`. Throws a {@link UsageError} with the line that is wrong. */
export async function readWitnesses(
  file: string | undefined,
  signal: AbortSignal,
): Promise<TlogPolicy | undefined> {
  return file === undefined ? undefined : readTlogPolicy('--witnesses', file, signal);
}

/** A C2SP tlog-policy file that an option names. Throws a {@link UsageError} with the line that is wrong. */
export async function readTlogPolicy(option: string, file: string, signal: AbortSignal): Promise<TlogPolicy> {
  const bytes = await readSmall(file, 'trust policy', TLOG_POLICY_LIMITS.bytes, signal);
  try {
    return parseTlogPolicy(bytes);
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    throw new UsageError(`${option} ${file}: ${error.message}`);
  }
}
