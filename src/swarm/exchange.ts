import type { Metainfo } from '../torrent/index.ts';
import type { BlockSpan, PeerMessage } from '../wire/index.ts';
import { Bitfield } from './bitfield.ts';
import type { Peer } from './connection/peer.ts';
import type { Content } from './disk/content.ts';
import { SwarmError } from './error.ts';
import type { Downloader } from './fetching/downloader.ts';
import { HashRequests } from './fetching/hash-requests.ts';
import { PieceHashes } from './fetching/piece-hashes.ts';
import type { PieceTransfer } from './fetching/piece-transfer.ts';
import {
  countsOf,
  type Downloading,
  type FetchCounts,
  startDownloading,
} from './fetching/start-downloading.ts';
import { ToldPieces } from './fetching/told-pieces.ts';
import type { HashPool } from './hashing/hash-pool.ts';
import type { Layout } from './layout.ts';
import type { EngineOptions } from './options.ts';
import type { Throttle } from './rates/throttle.ts';
import type { SendBuffers } from './serving/send-buffers.ts';
import { Serving } from './serving/serving.ts';
import type { PeerDetails } from './statistics/statistics.ts';
import { Arrivals } from './streaming/arrivals.ts';
import { Readers } from './streaming/reader.ts';
import type { WebSeedAddress } from './web-seeds/web-seed.ts';

export interface ExchangeParts {
  readonly metainfo: Metainfo;
  readonly layout: Layout;
  readonly content: Content;
  /** Which pieces are on disk and right. */
  readonly have: Bitfield;
  readonly options: EngineOptions;
  readonly pool: HashPool;
  readonly buffers: SendBuffers;
  /** What leaves, and what comes, is under these limits. */
  readonly output: Throttle;
  readonly intake: Throttle;
  readonly now: () => number;
  readonly random: () => number;
  readonly ban: (peer: Peer, reason: SwarmError) => void;
  /** The last piece is on disk. */
  readonly onComplete: () => void;
  /** Something went wrong that others make up for. */
  readonly onTrouble: (error: SwarmError) => void;
  /** It cannot go on: the disk refuses, or the torrent contradicts itself. */
  readonly onFailure: (error: SwarmError) => void;
}

/** Blocks and hashes in both directions between us and the peers of a torrent that is known. */
export class Exchange {
  readonly metainfo: Metainfo;
  readonly layout: Layout;
  readonly have: Bitfield;
  readonly #parts: ExchangeParts;
  readonly #hashes: PieceHashes;
  readonly #hashRequests = new HashRequests();
  readonly #serving: Serving;
  readonly #told = new ToldPieces();
  readonly readers: Readers;
  readonly #arrivals = new Arrivals();
  /** While something is missing. */
  #downloading: Downloading | undefined;
  /** What came while something was missing. */
  #fetched: FetchCounts = {
    wastedBytes: 0,
    hashFailures: 0,
    webSeedTraffic: { active: 0, receivedBytes: 0, bytesPerSecond: 0 },
  };
  #haveBytes: number;

  constructor(parts: ExchangeParts) {
    this.#parts = parts;
    this.metainfo = parts.metainfo;
    this.layout = parts.layout;
    this.have = parts.have;
    this.#hashes = new PieceHashes(parts.layout, parts.metainfo.pieceLayers);
    this.#serving = new Serving({
      ...parts,
      throttle: parts.output,
      has: (piece) => this.have.has(piece),
      layers: () => this.#hashes.layers,
    });
    this.#haveBytes = parts.layout.bytesIn(parts.have);
    this.readers = new Readers({
      ...parts,
      arrivals: this.#arrivals,
      open: (window) => {
        this.#downloading?.downloader.open(window);
        this.#downloading?.webSeeds.hurry();
      },
      close: (window) => this.#downloading?.downloader.close(window),
    });
    if (!parts.have.isFull) this.#downloading = this.#start();
  }

  get isComplete(): boolean {
    return this.have.isFull;
  }

  /** Bytes of content that are on disk and right. */
  get haveBytes(): number {
    return this.#haveBytes;
  }

  /** What came for nothing, was wrong, or came from web seeds. */
  get fetched(): FetchCounts {
    return this.#downloading ? countsOf(this.#downloading) : this.#fetched;
  }

  /** Notes where the content may be fetched from by HTTP. */
  addWebSeeds(addresses: Iterable<WebSeedAddress>): void {
    this.#downloading?.webSeeds.add(addresses);
  }

  /** Ends requests to web seeds, and makes no more. */
  stopWebSeeds(): void {
    this.#downloading?.webSeeds.close();
  }

  /** What statistics tell of a peer. */
  detailsOf(peer: Peer): Omit<PeerDetails, 'rates'> {
    const standing = this.#downloading?.downloader.standingOf(peer);
    return {
      piecesHave: standing?.pieces ?? Math.min(this.#told.countOf(peer), this.layout.pieceCount),
      requestsOut: standing?.owed ?? 0,
      requestsIn: this.#serving.waitingOf(peer),
    };
  }

  /** Piece layers, as far as they are known whole. */
  get pieceLayers(): ReadonlyMap<string, Uint8Array> {
    return this.#hashes.layers;
  }

  /** Takes in a peer; the first thing it hears is what we have (BEP 3, BEP 6). */
  join(peer: Peer): void {
    this.#serving.join(peer);
    this.#told.join(peer);
    this.#downloading?.downloader.join(peer);
    if (peer.isInterested) this.#serving.onInterest(peer);
    if (peer.isV2) this.#downloading?.fetcher.askForLayers();
  }

  leave(peer: Peer, reason: SwarmError): void {
    this.#told.leave(peer);
    this.#serving.leave(peer);
    this.#hashRequests.onClose(peer, reason);
    this.#downloading?.downloader.leave(peer);
  }

  onMessage(peer: Peer, message: PeerMessage): void {
    switch (message.type) {
      case 'interested':
      case 'not-interested':
        this.#serving.onInterest(peer);
        break;
      case 'request':
        this.#serving.request(peer, message);
        break;
      case 'cancel':
        this.#serving.cancel(peer, message);
        break;
      case 'hash-request':
        this.#serving.giveHashes(peer, message);
        break;
      default:
        this.#onTold(peer, message);
    }
  }

  /** A peer tells what it has, or answers. */
  #onTold(peer: Peer, message: PeerMessage): void {
    if (!this.#told.has(peer)) return;
    switch (message.type) {
      case 'hashes':
      case 'hash-reject':
        this.#hashRequests.onMessage(peer, message);
        break;
      case 'bitfield':
        this.claim(peer, Bitfield.from(message.bits, this.layout.pieceCount));
        break;
      case 'have-all':
        this.claim(peer, Bitfield.full(this.layout.pieceCount));
        break;
      case 'have':
        this.#told.piece(peer);
        this.#downloading?.downloader.onMessage(peer, message);
        break;
      default:
        this.#downloading?.downloader.onMessage(peer, message);
    }
  }

  /** A peer tells all it has, once; `undefined` is a bitfield that does not fit the torrent. */
  claim(peer: Peer, field: Bitfield | undefined): void {
    if (!this.#told.has(peer)) return;
    if (!field || !this.#told.all(peer, field)) {
      const text = `${peer.name} sent a bitfield that does not fit, or a second one`;
      peer.close(new SwarmError('peer-broke-protocol', text));
      return;
    }
    if (this.isComplete && field.isFull) {
      peer.close(new SwarmError('peer-not-needed', `${peer.name} and we both have everything`));
      return;
    }
    this.#downloading?.downloader.claim(peer, field);
    this.#downloading?.fetcher.askForLayers();
  }

  beginBlock(peer: Peer, span: BlockSpan): Uint8Array | undefined {
    return this.#downloading?.downloader.blocks.begin(peer, span);
  }

  endBlock(peer: Peer, span: BlockSpan): void {
    this.#downloading?.downloader.blocks.end(peer, span);
  }

  /** Called once a second. */
  tick(): void {
    this.#serving.tick();
    this.#downloading?.downloader.tick();
    this.#downloading?.fetcher.askForLayers();
    this.#downloading?.webSeeds.tick();
  }

  /** Ends what does not end with the peers; what is here can be read all the same. */
  close(reason: SwarmError): void {
    this.stopWebSeeds();
    this.#arrivals.fail(reason);
  }

  #start(): Downloading {
    return startDownloading({
      ...this.#parts,
      hashes: this.#hashes,
      requests: this.#hashRequests,
      peers: () => this.#told.peers,
      onRight: (transfer, downloader) => this.#onRight(transfer, downloader),
      onFailure: (error) => {
        this.#arrivals.fail(error);
        this.#parts.onFailure(error);
      },
    });
  }

  #onRight(transfer: PieceTransfer, downloader: Downloader): void {
    this.have.set(transfer.pieceIndex);
    this.#haveBytes += transfer.length;
    downloader.onPieceDone(transfer);
    this.#arrivals.arrived(transfer.pieceIndex);
    for (const peer of this.#told.peers) {
      if (!downloader.hasPiece(peer, transfer.pieceIndex)) {
        peer.send({ type: 'have', pieceIndex: transfer.pieceIndex });
      }
    }
    if (!this.have.isFull) {
      downloader.refill();
      return;
    }
    this.#downloading?.webSeeds.close();
    const { fetched } = this;
    this.#fetched = {
      ...fetched,
      webSeedTraffic: { ...fetched.webSeedTraffic, active: 0, bytesPerSecond: 0 },
    };
    this.#downloading = undefined;
    for (const peer of this.#told.peers) peer.setInteresting(false);
    this.#parts.onComplete();
  }
}
