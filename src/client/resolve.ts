import { printable } from '../bytes/index.ts';
import { isPackageUrl } from '../statement/index.ts';
import {
  type BuilderOnRelease,
  type GroupView,
  type ReleaseView,
  releaseView,
  resolvePackage,
} from '../tally/index.ts';
import { ClientError } from './errors.ts';
import { type ReadOptions, readLog } from './read-log.ts';
import type { TallyClient } from './tally-client.ts';

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
 * Finds a release by its package URL or digest in a log that is read whole, checked and counted by this client (see
 * `readLog`). Throws what that throws, `no-release-name` and `not-found`.
 */
export async function resolveRelease(
  client: TallyClient,
  name: string,
  options: ReadOptions,
): Promise<Resolution> {
  const isDigest = /^[0-9a-f]{64}$/.test(name);
  if (!isDigest && !isPackageUrl(name)) {
    throw new ClientError(
      'no-release-name',
      `${JSON.stringify(printable(name))} is neither a canonical package URL (such as ` +
        'pkg:npm/%40noble/hashes@2.0.1) nor a release digest of 64 lower-case hex digits',
    );
  }
  const tally = await readLog(client, options);
  const release = isDigest ? releaseView(tally, name) : resolvePackage(tally, name);
  if (release === undefined) {
    throw new ClientError('not-found', `no entry of ${tally.context.origin} announces ${name}`);
  }
  const { policy } = tally;
  if (policy === undefined)
    throw new ClientError('mismatch', `the log ${tally.context.origin} has no policy`);
  return {
    origin: tally.context.origin,
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
