import { Peer } from '../connection/peer.ts';
import { SwarmError } from '../error.ts';
import type { EngineOptions } from '../options.ts';
import type { WebSeed } from '../web-seeds/web-seed.ts';
import { WebSeeds, type WebSeedsParts, type WebSeedTraffic } from '../web-seeds/web-seeds.ts';
import { BlockChecker } from './block-checker.ts';
import type { BlockSource } from './block-source.ts';
import { Downloader, type DownloaderParts } from './downloader.ts';
import { HashFetcher } from './hash-fetcher.ts';
import type { HashRequests } from './hash-requests.ts';
import type { PieceHashes } from './piece-hashes.ts';
import type { PieceTransfer } from './piece-transfer.ts';
import { Slots } from './slots.ts';
import { Verifier, type VerifierParts } from './verifier.ts';

/** All that fetches, while something of a torrent is missing. */
export interface Downloading {
  readonly downloader: Downloader;
  readonly fetcher: HashFetcher;
  readonly verifier: Verifier;
  readonly webSeeds: WebSeeds;
}

export interface DownloadingParts
  extends Pick<DownloaderParts, 'layout' | 'have' | 'intake' | 'now' | 'random'>,
    Pick<VerifierParts, 'content' | 'pool'>,
    Pick<WebSeedsParts, 'onTrouble'> {
  readonly metainfo: WebSeedsParts['content'] & VerifierParts['metainfo'];
  readonly options: EngineOptions;
  readonly hashes: PieceHashes;
  readonly requests: HashRequests;
  /** Who is connected. */
  readonly peers: () => Iterable<Peer>;
  readonly ban: (peer: Peer, reason: SwarmError) => void;
  /** A piece is on disk and right. */
  readonly onRight: (transfer: PieceTransfer, downloader: Downloader) => void;
  /** It cannot go on: the disk refuses, or the torrent contradicts itself. */
  readonly onFailure: (error: SwarmError) => void;
}

/** Puts together what fetches blocks, hashes and from web seeds, and what checks all of it. */
export function startDownloading(parts: DownloadingParts): Downloading {
  const { layout, options, pool, hashes, ban } = parts;
  const slots = new Slots(layout.pieceLength, layout.pieceCount, options.pieceMemoryBytes);
  const downloader: Downloader = new Downloader({
    ...parts,
    slots,
    isReady: (piece) => hashes.of(piece) !== undefined,
    onBlock: (transfer, block) => checker.onBlock(transfer, block),
    onWhole: (transfer) => void verifier.check(transfer),
    isBehind: () => verifier.isBehind,
    dismiss: (peer, why, text) => {
      const code = why === 'protocol' ? 'peer-broke-protocol' : 'timed-out';
      peer.close(new SwarmError(code, `${peer.name} ${text}`));
    },
    stallTimeoutMs: options.stallTimeoutMs,
  });
  const fetcher = new HashFetcher({
    ...parts,
    peers: () => [...parts.peers()].filter((peer) => peer.isV2),
    hasPiece: (peer, piece) => downloader.hasPiece(peer, piece),
    onHashes: () => {
      downloader.fillAll();
      webSeeds.pump();
    },
  });
  const banSource = (source: BlockSource, reason: SwarmError): void => {
    if (source instanceof Peer) ban(source, reason);
    else webSeeds.ban(source as WebSeed, reason);
  };
  const checker = new BlockChecker({
    pool,
    downloader: () => downloader,
    blockHashesOf: (piece) => fetcher.blockHashesOf(piece),
    ban: banSource,
  });
  const verifier = new Verifier({
    ...parts,
    downloader: () => downloader,
    blockHashesOf: (piece) => fetcher.blockHashesOf(piece),
    onRight: (transfer) => parts.onRight(transfer, downloader),
    provenOf: (transfer) => checker.provenOf(transfer),
    ban: banSource,
    fail: parts.onFailure,
  });
  const webSeeds = new WebSeeds({
    ...parts,
    content: parts.metainfo,
    downloader,
    slots,
    localAddress: options.localAddress,
    knowsHashes: () => hashes.isComplete,
    silenceMs: options.stallTimeoutMs,
  });
  return { downloader, fetcher, verifier, webSeeds };
}

/** What statistics tell of the fetching, while it goes on and after. */
export interface FetchCounts {
  /** Bytes that were received for nothing. */
  readonly wastedBytes: number;
  /** Pieces that came and were wrong. */
  readonly hashFailures: number;
  readonly webSeedTraffic: WebSeedTraffic;
}

export function countsOf({ downloader, verifier, webSeeds }: Downloading): FetchCounts {
  const { wastedBytes } = downloader.blocks;
  return { wastedBytes, hashFailures: verifier.failureCount, webSeedTraffic: webSeeds.traffic };
}
