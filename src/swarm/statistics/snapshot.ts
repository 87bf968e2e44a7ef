import { toHex } from '../../bytes/index.ts';
import type { Roster } from '../connection/roster.ts';
import type { Exchange } from '../exchange.ts';
import type { Identity } from '../identity.ts';
import type { SwarmPhase, SwarmProgress } from '../progress.ts';
import type { RateLimits } from '../rates/throttle.ts';
import type { Bans } from './bans.ts';
import { describePeer, type SwarmStatistics } from './statistics.ts';
import type { TrackerLog } from './tracker-log.ts';

/** The parts of a swarm that know how it does. */
export interface SwarmParts {
  readonly identity: Identity;
  readonly roster: Roster;
  /** Once the torrent is known. */
  readonly exchange: Exchange | undefined;
  readonly bans: Bans;
  readonly trackers: TrackerLog;
  readonly limits: Required<RateLimits>;
  readonly isClosed: boolean;
}

/** A swarm's progress at this moment. */
export function progressOf({ roster, exchange, bans, isClosed }: SwarmParts): SwarmProgress {
  const fetched = exchange?.fetched;
  return {
    phase: phaseOf(exchange, isClosed),
    haveBytes: exchange?.haveBytes ?? 0,
    totalBytes: exchange?.layout.sizeBytes ?? 0,
    piecesHave: exchange?.have.count ?? 0,
    piecesTotal: exchange?.layout.pieceCount ?? 0,
    peers: roster.size,
    webSeeds: fetched?.webSeedTraffic.active ?? 0,
    downloadedBytes: roster.receivedBytes + (fetched?.webSeedTraffic.receivedBytes ?? 0),
    uploadedBytes: roster.sentBytes,
    wastedBytes: fetched?.wastedBytes ?? 0,
    downloadBytesPerSecond: roster.downRate + (fetched?.webSeedTraffic.bytesPerSecond ?? 0),
    uploadBytesPerSecond: roster.upRate,
    bannedPeers: bans.count,
  };
}

/** All that is known of a swarm and its peers at this moment. */
export function statisticsOf(parts: SwarmParts): SwarmStatistics {
  const { roster, exchange, bans, trackers, limits } = parts;
  const { infoHashV2, infoHashV1 } = parts.identity;
  return {
    infoHashV2: toHex(infoHashV2),
    infoHashV1: infoHashV1 && toHex(infoHashV1),
    name: exchange?.metainfo.name,
    progress: progressOf(parts),
    limits,
    hashFailures: exchange?.fetched.hashFailures ?? 0,
    bans: bans.latest,
    trackers: trackers.entries,
    peers: Array.from(roster, (peer) =>
      describePeer(peer, {
        rates: roster.ratesOf(peer),
        ...(exchange?.detailsOf(peer) ?? { piecesHave: 0, requestsOut: 0, requestsIn: 0 }),
      }),
    ),
  };
}

/** What trackers are told of a swarm's traffic. */
export function trafficOf(parts: SwarmParts): {
  readonly uploadedBytes: number;
  readonly downloadedBytes: number;
  readonly leftBytes: number;
} {
  const { uploadedBytes, downloadedBytes, totalBytes, haveBytes } = progressOf(parts);
  // A magnet link's size is unknown; 0 would say that we seed.
  return { uploadedBytes, downloadedBytes, leftBytes: parts.exchange ? totalBytes - haveBytes : 1 };
}

function phaseOf(exchange: Exchange | undefined, isClosed: boolean): SwarmPhase {
  if (isClosed) return 'closed';
  if (!exchange) return 'metadata';
  return exchange.isComplete ? 'seeding' : 'downloading';
}
