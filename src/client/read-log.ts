import { printable } from '../bytes/index.ts';
import type { TlogPolicy } from '../note/index.ts';
import type { Tally } from '../tally/index.ts';
import { ClientError } from './errors.ts';
import { requireFresh, requireWitnessedTime, timelyOf } from './freshness.ts';
import { LogFollower } from './log-follower.ts';
import type { LogSource } from './log-source.ts';
import { SeenPolicy } from './seen-policy.ts';

export interface ReadOptions {
  /** The log's verifier key, pinned by the user. */
  readonly logKey: string;
  /** Where the last checkpoint seen of each log is kept. */
  readonly stateFolder: string;
  /** A trust policy (C2SP tlog-policy): the witnesses whose quorum must have cosigned what the tally shows. */
  readonly witnesses?: TlogPolicy | undefined;
  /** Go on with a log that shows no sign of life. */
  readonly allowStale?: boolean;
  readonly signal: AbortSignal;
  /** The clock, milliseconds since 1970: what the log's age is held against. */
  readonly nowMs: () => number;
}

/**
 * Reads a log whole and counts it: checkpoint signature, tree, history against the last checkpoint seen, every
 * entry's signatures. Full bundles are kept in the state folder and read from there the next time. Throws `mismatch` when anything does not fit, or when the log signed something else than what
 * its entries come to, and `stale` for a frozen log.
 */
export async function readLog(client: LogSource, options: ReadOptions): Promise<Tally> {
  return (await readWitnessedLog(client, options)).tally;
}

/** The same, with how many witnesses of the trust policy cosigned the checkpoint. */
export async function readWitnessedLog(
  client: LogSource,
  options: ReadOptions,
): Promise<{ tally: Tally; witnesses: number }> {
  const { tally, cosigners } = await followed(client, options);
  refuseAlarms(tally);
  if (options.allowStale !== true) {
    requireFresh(tally, options.nowMs());
    requireWitnessedTime(tally, cosigners, options.witnesses);
  }
  await new SeenPolicy(options.stateFolder, options.logKey).see(tally);
  return { tally, witnesses: timelyOf(tally, cosigners).length };
}

/** Reads the log; a second time, all of it from the tally, when what was kept of an earlier reading does not fit. */
async function followed(client: LogSource, options: ReadOptions): Promise<LogFollower> {
  const follower = new LogFollower(client, { ...options, keep: true });
  try {
    await follower.update(options.signal);
    return follower;
  } catch (error) {
    const mayBeOwn = error instanceof ClientError && error.code === 'mismatch' && follower.hasReadKept;
    if (!mayBeOwn) throw error;
  }
  const again = new LogFollower(client, { ...options, keep: true });
  await again.update(options.signal);
  return again;
}

function refuseAlarms(tally: Tally): void {
  const [alarm] = tally.alarms;
  if (alarm === undefined) return;
  throw new ClientError(
    'mismatch',
    `the log signed something else than what its entries come to (entry ${alarm.index}: ` +
      `${printable(alarm.reason)}; ${tally.alarmsTotal} such in all). Do not trust this tally`,
  );
}
