import { isPackageUrl } from '../statement/index.ts';
import {
  type BuilderOnRelease,
  type GroupView,
  type ReleaseView,
  releaseView,
  resolvePackage,
  type Tally,
} from '../tally/index.ts';
import { ClientError } from './errors.ts';
import { requireFresh } from './freshness.ts';
import { LogFollower } from './log-follower.ts';
import { printable } from './printable.ts';
import type { TallyClient } from './tally-client.ts';

export interface ResolveOptions {
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

/** A release as this client counted it from the log's own entries. */
export interface Resolution {
  readonly origin: string;
  /** Entries that were read and checked, and the receipt time of the newest. */
  readonly size: number;
  readonly timeMs: number;
  readonly policy: { readonly name: string; readonly demo: boolean; readonly digest: string };
  readonly release: ReleaseView;
}

/** A resolution with a winner: who stands behind it, and who voted for something else. */
export interface Winner extends Resolution {
  readonly group: GroupView;
  /** Builders whose counted votes are for the winner. */
  readonly agreed: readonly BuilderOnRelease[];
  /** Builders whose counted votes are for something else, or were never opened. */
  readonly dissent: readonly BuilderOnRelease[];
}

/** Nothing has won (exit code 3); `resolution` has the groups as they stand. */
export class NoWinnerError extends ClientError {
  readonly resolution: Resolution;

  constructor(message: string, resolution: Resolution) {
    super('no-winner', message);
    this.resolution = resolution;
  }
}

/**
 * Finds a release by its package URL or digest in a log that is read whole and checked: checkpoint signature, tree,
 * history against the last checkpoint seen, every entry's signatures, and the count done again. Throws `mismatch`
 * when anything of it does not fit, or when the log signed something else than what its entries come to; `stale`
 * for a frozen log; `not-found`.
 */
export async function resolveRelease(
  client: TallyClient,
  name: string,
  options: ResolveOptions,
): Promise<Resolution> {
  const isDigest = /^[0-9a-f]{64}$/.test(name);
  if (!isDigest && !isPackageUrl(name)) {
    throw new ClientError(
      'not-found',
      `${JSON.stringify(printable(name))} is neither a canonical package URL (such as ` +
        'pkg:npm/%40noble/hashes@2.0.1) nor a release digest of 64 lower-case hex digits',
    );
  }
  const follower = new LogFollower(client, options);
  await follower.update(options.signal);
  const { tally } = follower;
  refuseAlarms(tally);
  if (options.allowStale !== true) requireFresh(tally, options.nowMs());
  const release = isDigest ? releaseView(tally, name) : resolvePackage(tally, name);
  if (release === undefined) {
    throw new ClientError('not-found', `no entry of ${follower.origin} announces ${name}`);
  }
  const { policy } = tally;
  if (policy === undefined) throw new ClientError('mismatch', `the log ${follower.origin} has no policy`);
  return {
    origin: follower.origin,
    size: tally.size,
    timeMs: tally.timeMs,
    policy: { name: policy.rules.name, demo: policy.rules.demo, digest: policy.digest },
    release,
  };
}

/** The winner of a resolution. Throws {@link NoWinnerError} with the groups in words. */
export function requireWinner(resolution: Resolution): Winner {
  const { release } = resolution;
  const group = release.groups.find(({ infoHashV2 }) => infoHashV2 === release.winner);
  if (group === undefined) throw new NoWinnerError(noWinnerWords(release), resolution);
  const counting = release.builders.filter(({ status }) => status === 'counts');
  return {
    ...resolution,
    group,
    agreed: counting.filter(({ infoHashV2 }) => infoHashV2 === release.winner),
    dissent: counting.filter(({ infoHashV2 }) => infoHashV2 !== release.winner),
  };
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

function noWinnerWords(release: ReleaseView): string {
  const groups = release.groups.map(
    ({ infoHashV2, counted, total }) => `  ${infoHashV2}: ${counted} counted of ${total} votes`,
  );
  const votes = groups.length === 0 ? 'nobody has voted' : `votes so far:\n${groups.join('\n')}`;
  const rivals =
    release.rivals.length === 0 ? '' : ` (${release.rivals.length} rival releases claim the name)`;
  return (
    `nothing has won for ${release.package}: it is ${release.state}${rivals}, and ${release.quorum} votes are ` +
    `needed; ${votes}`
  );
}
