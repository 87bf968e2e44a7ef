import type { Metainfo } from '../torrent/index.ts';
import type { BlockSpan, HashRange, PeerMessage } from '../wire/index.ts';
import { Bitfield } from './bitfield.ts';
import { Peer } from './connection/peer.ts';
import type { Content } from './disk/content.ts';
import { SwarmError } from './error.ts';
import { BlockChecker } from './fetching/block-checker.ts';
import type { BlockSource } from './fetching/block-source.ts';
import { Downloader } from './fetching/downloader.ts';
import { HashFetcher } from './fetching/hash-fetcher.ts';
import { HashRequests } from './fetching/hash-requests.ts';
import { PieceHashes } from './fetching/piece-hashes.ts';
import type { PieceTransfer } from './fetching/piece-transfer.ts';
import { Slots } from './fetching/slots.ts';
import { Verifier } from './fetching/verifier.ts';
import type { HashPool } from './hashing/hash-pool.ts';
import type { Layout } from './layout.ts';
import type { EngineOptions } from './options.ts';
import type { Throttle } from './rates/throttle.ts';
import { Choker, slotsUnder } from './serving/choker.ts';
import { HashServer } from './serving/hash-server.ts';
import type { SendBuffers } from './serving/send-buffers.ts';
import { Uploader } from './serving/uploader.ts';
import type { PeerDetails } from './statistics/statistics.ts';
import { Arrivals } from './streaming/arrivals.ts';
import { Readers } from './streaming/reader.ts';
import type { WebSeed, WebSeedAddress } from './web-seeds/web-seed.ts';
import { WebSeeds, type WebSeedTraffic } from './web-seeds/web-seeds.ts';

/** Hash requests of a peer that wait for their answer; more are rejected. */
const HASH_QUEUE = 32;

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

interface Downloading {
  readonly downloader: Downloader;
  readonly fetcher: HashFetcher;
  readonly verifier: Verifier;
  readonly webSeeds: WebSeeds;
}

interface Partner {
  readonly uploader: Uploader;
  hashQueue: number;
  hasClaimed: boolean;
  /** How many pieces it told that it has. */
  told: number;
}

/** Blocks and hashes in both directions between us and the peers of a torrent that is known. */
export class Exchange {
  readonly metainfo: Metainfo;
  readonly layout: Layout;
  readonly have: Bitfield;
  readonly #parts: ExchangeParts;
  readonly #hashes: PieceHashes;
  /** Made with the first question: of thousands of torrents that are seeded, few are asked for. */
  #hashServer: HashServer | undefined;
  readonly #hashRequests = new HashRequests();
  readonly #choker: Choker;
  readonly #partners = new Map<Peer, Partner>();
  readonly readers: Readers;
  readonly #arrivals = new Arrivals();
  /** While something is missing. */
  #downloading: Downloading | undefined;
  #wastedBytes = 0;
  #webSeedTraffic: WebSeedTraffic = { active: 0, receivedBytes: 0, bytesPerSecond: 0 };
  #hashFailures = 0;
  #haveBytes: number;

  constructor(parts: ExchangeParts) {
    this.#parts = parts;
    this.metainfo = parts.metainfo;
    this.layout = parts.layout;
    this.have = parts.have;
    this.#hashes = new PieceHashes(parts.layout, parts.metainfo.pieceLayers);
    this.#choker = new Choker({
      slots: () => slotsUnder(parts.output, parts.options.uploadSlots),
      turnMs: parts.options.uploadTurnMs,
      now: parts.now,
      onChoke: (peer) => this.#partners.get(peer)?.uploader.refuseAll(),
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
    if (!parts.have.isFull) this.#downloading = this.#startDownloading();
  }

  get isComplete(): boolean {
    return this.have.isFull;
  }

  /** Bytes of content that are on disk and right. */
  get haveBytes(): number {
    return this.#haveBytes;
  }

  /** Bytes that were received for nothing. */
  get wastedBytes(): number {
    return this.#downloading?.downloader.wastedBytes ?? this.#wastedBytes;
  }

  /** What comes from web seeds. */
  get webSeedTraffic(): WebSeedTraffic {
    return this.#downloading?.webSeeds.traffic ?? this.#webSeedTraffic;
  }

  /** Notes where the content may be fetched from by HTTP. */
  addWebSeeds(addresses: Iterable<WebSeedAddress>): void {
    this.#downloading?.webSeeds.add(addresses);
  }

  /** Pieces that came and were wrong. */
  get hashFailures(): number {
    return this.#downloading?.verifier.failureCount ?? this.#hashFailures;
  }

  /** What statistics tell of a peer. */
  detailsOf(peer: Peer): Omit<PeerDetails, 'rates'> {
    const partner = this.#partners.get(peer);
    const standing = this.#downloading?.downloader.standingOf(peer);
    return {
      piecesHave: standing?.pieces ?? Math.min(partner?.told ?? 0, this.layout.pieceCount),
      requestsOut: standing?.owed ?? 0,
      requestsIn: partner?.uploader.waiting ?? 0,
    };
  }

  /** Piece layers, as far as they are known whole. */
  get pieceLayers(): ReadonlyMap<string, Uint8Array> {
    return this.#hashes.layers;
  }

  /** Takes in a peer; the first thing it hears is what we have (BEP 3, BEP 6). */
  join(peer: Peer): void {
    const source = {
      ...this.#parts,
      throttle: this.#parts.output,
      has: (piece: number) => this.have.has(piece),
      onReadError: (error: SwarmError) => this.#parts.onFailure(error),
    };
    this.#partners.set(peer, {
      uploader: new Uploader(peer, source),
      hashQueue: 0,
      hasClaimed: false,
      told: 0,
    });
    this.#downloading?.downloader.join(peer);
    if (peer.isInterested) this.#choker.onInterest(peer);
    if (peer.isV2) this.#downloading?.fetcher.askForLayers();
  }

  leave(peer: Peer, reason: SwarmError): void {
    this.#partners.delete(peer);
    this.#choker.leave(peer);
    this.#hashRequests.onClose(peer, reason);
    this.#downloading?.downloader.leave(peer);
  }

  onMessage(peer: Peer, message: PeerMessage): void {
    const partner = this.#partners.get(peer);
    if (!partner) return;
    switch (message.type) {
      case 'interested':
      case 'not-interested':
        this.#choker.onInterest(peer);
        break;
      case 'request':
        partner.uploader.request(message);
        break;
      case 'cancel':
        partner.uploader.cancel(message);
        break;
      case 'hash-request':
        void this.#answerHashes(peer, partner, message);
        break;
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
        partner.told += 1;
        this.#downloading?.downloader.onMessage(peer, message);
        break;
      default:
        this.#downloading?.downloader.onMessage(peer, message);
    }
  }

  /** A peer tells all it has, once; `undefined` is a bitfield that does not fit the torrent. */
  claim(peer: Peer, field: Bitfield | undefined): void {
    const partner = this.#partners.get(peer);
    if (!partner) return;
    if (!field || partner.hasClaimed) {
      peer.close(
        new SwarmError(
          'peer-broke-protocol',
          `${peer.name} sent a bitfield that does not fit, or a second one`,
        ),
      );
      return;
    }
    partner.hasClaimed = true;
    partner.told = field.count;
    if (this.isComplete && field.isFull) {
      peer.close(new SwarmError('peer-not-needed', `${peer.name} and we both have everything`));
      return;
    }
    this.#downloading?.downloader.claim(peer, field);
    this.#downloading?.fetcher.askForLayers();
  }

  beginBlock(peer: Peer, span: BlockSpan): Uint8Array | undefined {
    return this.#downloading?.downloader.beginBlock(peer, span);
  }

  endBlock(peer: Peer, span: BlockSpan): void {
    this.#downloading?.downloader.endBlock(peer, span);
  }

  /** Called once a second. */
  tick(): void {
    this.#choker.tick();
    for (const { uploader } of this.#partners.values()) uploader.tick();
    this.#downloading?.downloader.tick();
    this.#downloading?.fetcher.askForLayers();
    this.#downloading?.webSeeds.tick();
  }

  /** Ends what does not end with the peers; what is here can be read all the same. */
  close(reason: SwarmError): void {
    this.#downloading?.webSeeds.close();
    this.#arrivals.fail(reason);
  }

  #startHashServer(): HashServer {
    return new HashServer({
      ...this.#parts,
      layers: () => this.#hashes.layers,
      has: (piece) => this.have.has(piece),
    });
  }

  async #answerHashes(peer: Peer, partner: Partner, range: HashRange): Promise<void> {
    if (partner.hashQueue >= HASH_QUEUE) {
      peer.send({ ...range, type: 'hash-reject' });
      return;
    }
    partner.hashQueue += 1;
    try {
      this.#hashServer ??= this.#startHashServer();
      const hashes = await this.#hashServer.answer(range);
      if (hashes) peer.send({ ...range, type: 'hashes', hashes });
      else peer.send({ ...range, type: 'hash-reject' });
    } catch (cause) {
      peer.send({ ...range, type: 'hash-reject' });
      if (cause instanceof SwarmError && cause.code === 'closed') return;
      this.#parts.onFailure(
        cause instanceof SwarmError
          ? cause
          : new SwarmError('disk', `a piece cannot be read: ${(cause as Error).message}`, { cause }),
      );
    } finally {
      partner.hashQueue -= 1;
    }
  }

  #startDownloading(): Downloading {
    const { layout, options, ban } = this.#parts;
    const slots = new Slots(layout.pieceLength, layout.pieceCount, options.pieceMemoryBytes);
    this.#parts.pool.prepare();
    const downloader: Downloader = new Downloader({
      ...this.#parts,
      slots,
      isReady: (piece) => this.#hashes.of(piece) !== undefined,
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
      layout,
      hashes: this.#hashes,
      requests: this.#hashRequests,
      peers: () => [...this.#partners.keys()].filter((peer) => peer.isV2),
      hasPiece: (peer, piece) => downloader.hasPiece(peer, piece),
      ban,
      now: this.#parts.now,
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
      pool: this.#parts.pool,
      downloader: () => downloader,
      blockHashesOf: (piece) => fetcher.blockHashesOf(piece),
      ban: banSource,
    });
    const verifier = new Verifier({
      ...this.#parts,
      hashes: this.#hashes,
      downloader: () => downloader,
      blockHashesOf: (piece) => fetcher.blockHashesOf(piece),
      onRight: (transfer) => this.#onRight(transfer, downloader),
      provenOf: (transfer) => checker.provenOf(transfer),
      ban: banSource,
      fail: (error) => {
        this.#arrivals.fail(error);
        this.#parts.onFailure(error);
      },
    });
    const webSeeds = new WebSeeds({
      ...this.#parts,
      content: this.metainfo,
      downloader,
      slots,
      localAddress: options.localAddress,
      knowsHashes: () => this.#hashes.isComplete,
      silenceMs: options.stallTimeoutMs,
    });
    return { downloader, fetcher, verifier, webSeeds };
  }

  #onRight(transfer: PieceTransfer, downloader: Downloader): void {
    this.have.set(transfer.pieceIndex);
    this.#haveBytes += transfer.length;
    downloader.onPieceDone(transfer);
    this.#arrivals.arrived(transfer.pieceIndex);
    for (const peer of this.#partners.keys()) {
      if (!downloader.hasPiece(peer, transfer.pieceIndex)) {
        peer.send({ type: 'have', pieceIndex: transfer.pieceIndex });
      }
    }
    if (!this.have.isFull) {
      downloader.refill();
      return;
    }
    this.#wastedBytes = downloader.wastedBytes;
    this.#downloading?.webSeeds.close();
    this.#webSeedTraffic = { ...this.webSeedTraffic, active: 0, bytesPerSecond: 0 };
    this.#hashFailures = this.hashFailures;
    this.#downloading = undefined;
    for (const peer of this.#partners.keys()) peer.setInteresting(false);
    this.#parts.onComplete();
  }
}
