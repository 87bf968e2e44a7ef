import type { PeerAddress } from '../../wire/index.ts';
import type { Peer } from '../connection/peer.ts';
import type { SwarmProgress } from '../progress.ts';
import type { RateLimits } from '../rates/throttle.ts';
import type { Ban } from './bans.ts';
import { clientName } from './client-name.ts';
import type { TrackerStatistics } from './tracker-log.ts';

/** One connected peer at one moment. */
export interface PeerStatistics {
  readonly address: PeerAddress;
  /** What it calls itself, safe for one line of text; escape it for HTML as any text. */
  readonly client: string;
  readonly direction: 'incoming' | 'outgoing';
  readonly isEncrypted: boolean;
  /** Which of a hybrid's swarms it came by. */
  readonly identity: 'v1' | 'v2';
  /** We refuse its requests, and it refuses ours. */
  readonly isChoked: boolean;
  readonly isChoking: boolean;
  /** It wants blocks of us, and we of it. */
  readonly isInterested: boolean;
  readonly isInteresting: boolean;
  /** Block bytes, and their rates over the last seconds. */
  readonly downloadedBytes: number;
  readonly uploadedBytes: number;
  readonly downloadBytesPerSecond: number;
  readonly uploadBytesPerSecond: number;
  /** Pieces it has, as far as it told: a seeder that is told twice of one piece counts it twice. */
  readonly piecesHave: number;
  /** Blocks that it owes us, and that it waits for. */
  readonly requestsOut: number;
  readonly requestsIn: number;
}

/** One swarm at one moment. */
export interface SwarmStatistics {
  /** In hex; the v1 one for hybrids only. */
  readonly infoHashV2: string;
  readonly infoHashV1: string | undefined;
  /** The torrent's name, once it is known. */
  readonly name: string | undefined;
  readonly progress: SwarmProgress;
  readonly limits: Required<RateLimits>;
  /** Pieces that came and were wrong. */
  readonly hashFailures: number;
  /** The latest bans; `progress.bannedPeers` counts them all. */
  readonly bans: readonly Ban[];
  /** The trackers that were asked. */
  readonly trackers: readonly TrackerStatistics[];
  readonly peers: readonly PeerStatistics[];
}

/** An engine at one moment: the sums over its swarms, and its places for connections. */
export interface EngineStatistics {
  readonly swarms: number;
  /** Connected peers of all swarms. */
  readonly peers: number;
  /** Places that are taken, of `maxConnections`: peers, dials, and connections that have not shaken hands. */
  readonly connections: number;
  /** Connections that came in and have not shaken hands. */
  readonly handshakes: number;
  readonly downloadedBytes: number;
  readonly uploadedBytes: number;
  readonly wastedBytes: number;
  readonly downloadBytesPerSecond: number;
  readonly uploadBytesPerSecond: number;
  readonly bannedPeers: number;
  readonly limits: Required<RateLimits>;
}

/** What a connection does not know of itself. */
export interface PeerDetails {
  readonly rates: { readonly down: number; readonly up: number };
  readonly piecesHave: number;
  readonly requestsOut: number;
  readonly requestsIn: number;
}

export function describePeer(peer: Peer, { rates, ...details }: PeerDetails): PeerStatistics {
  return {
    address: peer.address,
    client: clientName(peer.extension?.client, peer.remote.peerId),
    direction: peer.isIncoming ? 'incoming' : 'outgoing',
    isEncrypted: peer.isEncrypted,
    identity: peer.isV2 ? 'v2' : 'v1',
    isChoked: peer.isChoked,
    isChoking: peer.isChoking,
    isInterested: peer.isInterested,
    isInteresting: peer.isInteresting,
    downloadedBytes: peer.receivedBlockBytes,
    uploadedBytes: peer.sentBlockBytes,
    downloadBytesPerSecond: rates.down,
    uploadBytesPerSecond: rates.up,
    ...details,
  };
}

/** The sums over swarms. */
export function sumOf(
  progresses: Iterable<SwarmProgress>,
  rest: Pick<EngineStatistics, 'connections' | 'handshakes' | 'limits'>,
): EngineStatistics {
  const sum = {
    swarms: 0,
    peers: 0,
    downloadedBytes: 0,
    uploadedBytes: 0,
    wastedBytes: 0,
    downloadBytesPerSecond: 0,
    uploadBytesPerSecond: 0,
    bannedPeers: 0,
  };
  for (const progress of progresses) {
    sum.swarms += 1;
    sum.peers += progress.peers;
    sum.downloadedBytes += progress.downloadedBytes;
    sum.uploadedBytes += progress.uploadedBytes;
    sum.wastedBytes += progress.wastedBytes;
    sum.downloadBytesPerSecond += progress.downloadBytesPerSecond;
    sum.uploadBytesPerSecond += progress.uploadBytesPerSecond;
    sum.bannedPeers += progress.bannedPeers;
  }
  return { ...sum, ...rest };
}
