import { printable } from '../bytes/index.ts';
import type { Tally } from '../tally/index.ts';
import { ClientError } from './errors.ts';
import { requireFresh } from './freshness.ts';
import { LogFollower } from './log-follower.ts';
import type { TallyClient } from './tally-client.ts';

export interface ReadOptions {
  /** The log's verifier key, pinned by the user. */
  readonly logKey: string;
  /** Where the last checkpoint seen of each log is kept. */
  readonly stateFolder: string;
  /** Go on with a log that shows no sign of life. */
  readonly allowStale?: boolean;
  readonly signal: AbortSignal;
  /** The clock, milliseconds since 1970: what the log's age is held against. */
  readonly nowMs: () => number;
}

/**
 * Reads a log whole and counts it: checkpoint signature, tree, history against the last checkpoint seen, every
 * entry's signatures. Throws `mismatch` when anything does not fit, or when the log signed something else than what
 * its entries come to, and `stale` for a frozen log.
 */
export async function readLog(client: TallyClient, options: ReadOptions): Promise<Tally> {
  const follower = new LogFollower(client, options);
  await follower.update(options.signal);
  refuseAlarms(follower.tally);
  if (options.allowStale !== true) requireFresh(follower.tally, options.nowMs());
  return follower.tally;
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
