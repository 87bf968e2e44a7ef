import { equalBytes, type InfoHashV2 } from '../../bytes/index.ts';
import { makeStatement } from '../../statement/index.ts';
import { releaseView, wouldCount } from '../../tally/index.ts';
import type { Metainfo } from '../../torrent/index.ts';
import type { Clerk } from '../clerk.ts';
import type { Clock } from '../clock.ts';
import { ServiceError } from '../errors.ts';
import { infoHashOf, type KnownTorrents } from '../known-torrents.ts';
import type { Ledger } from '../ledger.ts';
import type { Vote } from '../vote-index.ts';
import type { Audit, Endpoint } from './audit-queue.ts';

const DAY_MS = 86_400_000;

/** Asks a seeder for one random block with its proof; gives the torrent's metainfo, or rejects. */
export type Probe = (endpoint: Endpoint, infoHash: InfoHashV2, signal: AbortSignal) => Promise<Metainfo>;

export interface AuditorParts {
  readonly origin: string;
  readonly ledger: Ledger;
  readonly clerk: Clerk;
  readonly torrents: KnownTorrents;
  readonly clock: Clock;
  readonly probe: Probe;
}

/**
 * Makes the audit of one vote: the announcing address shows a random block of what was voted for, the torrent is
 * in the one form that may be a vote and in the release's profile, and then the log says so.
 */
export function auditor({ origin, ledger, clerk, torrents, clock, probe }: AuditorParts): Audit {
  return async (vote: Vote, endpoint: Endpoint, signal: AbortSignal): Promise<void> => {
    const { release: digest, builder, infoHashV2 } = vote;
    const release = releaseView(ledger.tally, digest);
    if (release === undefined || !isWaiting(ledger, vote)) return;
    const infoHash = infoHashOf(infoHashV2);
    const metainfo = await probe(endpoint, infoHash, signal);
    if (!equalBytes(metainfo.infoHashV2, infoHash)) {
      throw new ServiceError('wrong-content', `the seeder showed another torrent than ${infoHashV2}`);
    }
    if (metainfo.profile !== release.profile) {
      throw new ServiceError(
        'wrong-content',
        `the torrent is ${metainfo.profile}, the release asks for ${release.profile}`,
      );
    }
    await torrents.learn(metainfo, wouldCount(ledger.tally, digest, builder));
    const timeMs = clock.nowMs();
    await clerk.write(
      makeStatement(
        'audit',
        { name: release.package, sha256: digest },
        {
          origin,
          timeMs,
          release: digest,
          infoHashV2,
          epoch: Math.floor(timeMs / DAY_MS),
          passed: [builder],
        },
      ),
    );
  };
}

/** Whether the vote still waits for an audit: not passed meanwhile, and no verdict written. */
function isWaiting({ votes }: Ledger, { release, builder, infoHashV2 }: Vote): boolean {
  return votes.waiting(builder, infoHashV2.slice(0, 40)).some((vote) => vote.release === release);
}
