import { toHex } from '../bytes/index.ts';
import type { Metainfo } from '../torrent/index.ts';
import type { BlockSpan, PeerAddress, PeerMessage } from '../wire/index.ts';
import type { Bitfield } from './bitfield.ts';
import { Admission } from './connection/admission.ts';
import type { ShakenHands } from './connection/handshake.ts';
import { letGoMostUseless, type UselessPeer } from './connection/make-room.ts';
import type { Peer, PeerOwner } from './connection/peer.ts';
import { Roster } from './connection/roster.ts';
import { type DiscoverOptions, Discovery, ownReach } from './discovery/discovery.ts';
import type { Content } from './disk/content.ts';
import { SwarmError } from './error.ts';
import { Exchange } from './exchange.ts';
import { type Extension, Extensions } from './extensions/extension.ts';
import { MetadataExtension } from './extensions/metadata.ts';
import { EarlyClaims } from './fetching/claims.ts';
import type { Identity } from './identity.ts';
import type { Layout } from './layout.ts';
import type { SwarmProgress } from './progress.ts';
import { LimitPair, type RateLimits, Throttle } from './rates/throttle.ts';
import type { EngineServices } from './services.ts';
import type { TorrentSource } from './source.ts';
import { Bans } from './statistics/bans.ts';
import type { PeerChange, SwarmEvents } from './statistics/events.ts';
import { progressOf, type SwarmParts, statisticsOf, trafficOf } from './statistics/snapshot.ts';
import type { SwarmStatistics } from './statistics/statistics.ts';
import { type WebSeedOptions, webSeedsOf } from './web-seeds/options.ts';
import type { WebSeedAddress } from './web-seeds/web-seed.ts';

const KEEP_ALIVE_MS = 60_000;
/** Most pieces, found on disk, that peers are told of who came before they were. */
const MOST_HAVES = 16_384;

/**
 * One torrent among its peers, under both of its identities (BEP 52, "upgrade path"): finds peers, keeps connections,
 * fetches the metadata of a magnet link, and leaves blocks and hashes to its {@link Exchange}.
 */
export class Swarm implements PeerOwner {
  readonly #services: EngineServices;
  readonly #events: SwarmEvents;
  readonly #discovery: Discovery;
  readonly #roster: Roster;
  readonly #early = new Map<Peer, EarlyClaims>();
  readonly #limits: LimitPair;
  readonly #output: Throttle;
  readonly #intake: Throttle;
  readonly #admission: Admission;
  readonly #metadata: MetadataExtension;
  readonly #extensions: Extensions;
  #identity: Identity;
  #exchange: Exchange | undefined;
  #webSeeds: readonly WebSeedAddress[] = [];
  #content: Content | undefined;
  readonly #bans = new Bans();
  #isClosed = false;

  constructor(identity: Identity, services: EngineServices, events: SwarmEvents) {
    this.#identity = identity;
    this.#services = services;
    this.#events = events;
    this.#roster = new Roster(services.peerId, services.now());
    this.#limits = new LimitPair(services.now);
    this.#output = new Throttle(this.#limits.upload, services.limits.upload);
    this.#intake = new Throttle(this.#limits.download, services.limits.download);
    this.#discovery = new Discovery({
      services,
      identity: () => this.#identity,
      dialer: {
        hasRoom: (dials) => this.#roster.size + dials < services.options.maxConnectionsPerSwarm,
        hello: (name) => this.#admission.handshake(name),
        onShaken: (shaken, candidate) => this.#admission.onAnswer(shaken, candidate),
        onUnreachable: (address, reason) =>
          events.onPeer?.({ change: 'unreachable', address, direction: 'outgoing', reason }),
      },
      traffic: () => trafficOf(this.#snapshot),
      onTrouble: (error) => events.onTrouble?.(error),
    });
    this.#metadata = new MetadataExtension(identity.infoHashV2, {
      now: services.now,
      onMetadata: (infoBytes) => events.onMetadata?.(infoBytes),
      ban: (peer, reason) => this.#ban(peer, reason),
    });
    this.#extensions = new Extensions([this.#metadata]);
    this.#admission = new Admission({
      services,
      roster: this.#roster,
      extensions: this.#extensions,
      intake: this.#intake,
      discovery: this.#discovery,
      identity: () => this.#identity,
      have: () => this.#exchange?.have,
      isClosed: () => this.#isClosed,
      owner: this,
      onAdmitted: (peer) => this.#onAdmitted(peer),
    });
  }

  /** Starts to exchange blocks: the torrent is known, and so is what of it is on disk. */
  begin(metainfo: Metainfo, layout: Layout, content: Content, have: Bitfield): void {
    const { options, pool, buffers, now, random } = this.#services;
    this.#identity = { infoHashV2: metainfo.infoHashV2, infoHashV1: metainfo.infoHashV1 };
    this.#metadata.know(metainfo.infoBytes);
    this.#content = content;
    const exchange = new Exchange({
      metainfo,
      layout,
      content,
      have,
      options,
      pool,
      buffers,
      output: this.#output,
      intake: this.#intake,
      now,
      random,
      ban: (peer, reason) => this.#ban(peer, reason),
      onComplete: () => this.#completed(),
      onTrouble: (error) => this.#events.onTrouble?.(error),
      onFailure: (error) => this.#events.onFailure?.(error),
    });
    this.#exchange = exchange;
    for (const peer of this.#roster) {
      this.#admission.greet(peer); // again: now we have the metadata to give
      exchange.join(peer);
      const early = this.#early.get(peer);
      if (early) exchange.claim(peer, early.settle(layout.pieceCount));
      for (let piece = 0; piece < Math.min(layout.pieceCount, MOST_HAVES); piece += 1) {
        if (have.has(piece)) peer.send({ type: 'have', pieceIndex: piece });
      }
    }
    this.#early.clear();
    exchange.addWebSeeds(this.#webSeeds);
    this.#discovery.know(metainfo);
  }

  /** Offers an extension to peers that connect from now on. */
  offer(extension: Extension): void {
    this.#extensions.add(extension);
  }

  /** The names of the torrent; a v2 magnet link does not tell whether it is a hybrid. */
  get identity(): Identity {
    return this.#identity;
  }

  /** Piece layers that are known whole, for a metainfo that came without. */
  get pieceLayers(): ReadonlyMap<string, Uint8Array> {
    return this.#exchange?.pieceLayers ?? new Map();
  }

  /** Begins to look for peers, and goes on until the swarm is closed. */
  discover(where: DiscoverOptions, source: TorrentSource): void {
    this.#discovery.begin(where, source);
  }

  /**
   * Reads a file of the torrent, by its number in the metainfo, from byte `start` to before byte `end`, while it is being
   * downloaded or seeded. Each chunk was verified before it is given. What is read is fetched before all else, from where
   * the reader is on, until it is done, left (`break`, `return()`) or aborted; a reader that takes no more is not fetched
   * for any further than a few megabytes ahead. What is complete can be read after the swarm was left, until the engine is
   * closed. Throws `bad-range`; iterating throws the signal's reason, `too-many-readers`, `disk`, `closed`, or why the
   * download failed.
   *
   * @example
   * for await (const chunk of swarm.read(0, 1_000_000, 2_000_000)) player.write(chunk);
   */
  read(file: number, start = 0, end?: number, signal?: AbortSignal): AsyncIterable<Uint8Array> {
    const readers = this.#exchange?.readers;
    if (!readers)
      throw new SwarmError('bad-range', 'the files of the torrent are not known yet: wait for its metadata');
    const { closing } = this.#services;
    return readers.read(
      readers.spanOf(file, start, end),
      signal ? AbortSignal.any([signal, closing]) : closing,
    );
  }

  /** Fetches from HTTP servers too, once the torrent is known. */
  fetchFrom(where: WebSeedOptions, source: TorrentSource): void {
    this.#webSeeds = webSeedsOf(where, source, ownReach(this.#services));
    this.#exchange?.addWebSeeds(this.#webSeeds);
  }

  get progress(): SwarmProgress {
    return progressOf(this.#snapshot);
  }

  /** This swarm's own upload and download limits, in bytes a second; 0 for none. The engine's hold besides. */
  get limits(): Required<RateLimits> {
    return this.#limits.rates;
  }

  /** Changes those limits that are named, at once. Throws `bad-limit`. */
  setLimits(limits: RateLimits): void {
    this.#limits.set(limits);
  }

  /** Addresses of the peers that are connected now. */
  get peers(): readonly PeerAddress[] {
    return Array.from(this.#roster, ({ address }) => address);
  }

  /** Whether a host may connect; when the swarm is full, somebody useless goes for it. */
  welcomes(host: string): boolean {
    if (this.#isClosed || this.#discovery.isBanned(host)) return false;
    const isFull = this.#roster.size >= this.#services.options.maxConnectionsPerSwarm;
    return !isFull || letGoMostUseless([this.mostUseless]);
  }

  /** The peer that may make room for another one, if there is one. */
  get mostUseless(): UselessPeer | undefined {
    return this.#roster.mostUseless(this.#services.now(), this.#services.options.uselessAfterMs);
  }

  /** All that is known of the swarm and its peers now. Tells no secrets: no tracker's path, no key. */
  get statistics(): SwarmStatistics {
    return statisticsOf(this.#snapshot);
  }

  /** Answers a handshake that came in. */
  accept(shaken: ShakenHands): void {
    this.#admission.accept(shaken);
  }

  /** Called once a second. */
  tick(): void {
    const { now, options } = this.#services;
    this.#roster.tick(now());
    this.#extensions.tick();
    this.#exchange?.tick();
    if (this.#output.isOn) this.#output.payLater(this.#roster.newOverheadBytes());
    for (const peer of this.#roster) {
      if (now() - peer.lastHeardMs > options.idleTimeoutMs && !peer.isHeldBack) {
        peer.close(new SwarmError('timed-out', `${peer.name} was silent for too long`));
      } else if (now() - peer.lastSentMs > KEEP_ALIVE_MS) {
        peer.send({ type: 'keep-alive' });
      }
    }
  }

  /** Leaves the swarm: says goodbye to trackers, ends connections, closes files. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const reason = new SwarmError('closed', `the swarm ${toHex(this.#identity.infoHashV2)} was left`);
    const farewell = this.#discovery.close(reason);
    this.#exchange?.close(reason);
    for (const peer of this.#roster) peer.close(reason);
    await farewell;
    await this.#content?.close();
  }

  // From peers:

  onMessage(peer: Peer, message: PeerMessage): void {
    if (message.type === 'extended') this.#extensions.onMessage(peer, message);
    else if (message.type === 'port') this.#discovery.onDhtPort(peer, message.port);
    else if (this.#exchange) this.#exchange.onMessage(peer, message);
    else if (this.#early.get(peer)?.take(message) === false) {
      peer.close(new SwarmError('peer-broke-protocol', `${peer.name} announces too many pieces`));
    } else if (message.type === 'hash-request') {
      peer.send({ ...message, type: 'hash-reject' });
    }
  }

  onExtensionHandshake(peer: Peer): void {
    this.#extensions.onHandshake(peer);
  }

  beginBlock(peer: Peer, span: BlockSpan): Uint8Array | undefined {
    return this.#exchange?.beginBlock(peer, span);
  }

  endBlock(peer: Peer, span: BlockSpan): void {
    this.#exchange?.endBlock(peer, span);
  }

  onClose(peer: Peer, reason: SwarmError): void {
    this.#services.released(peer.address.host);
    if (this.#roster.remove(peer)) {
      this.#early.delete(peer);
      this.#extensions.leave(peer);
      this.#exchange?.leave(peer, reason);
      this.#events.onPeer?.({ ...whoOf(peer), change: 'left', reason });
    }
    this.#discovery.lost(peer, reason);
  }

  #completed(): void {
    this.#discovery.complete();
    this.#events.onComplete?.();
  }

  #ban(peer: Peer, reason: SwarmError): void {
    if (!this.#discovery.isBanned(peer.address.host)) {
      this.#bans.add(peer.address.host, reason);
      this.#discovery.ban(peer.address.host);
      this.#events.onTrouble?.(reason);
    }
    for (const other of this.#roster) if (other.address.host === peer.address.host) other.close(reason);
  }

  /** A peer was taken in. */
  #onAdmitted(peer: Peer): void {
    if (this.#exchange) this.#exchange.join(peer);
    else this.#early.set(peer, new EarlyClaims());
    this.#events.onPeer?.({ ...whoOf(peer), change: 'connected' });
  }

  get #snapshot(): SwarmParts {
    return {
      identity: this.#identity,
      roster: this.#roster,
      exchange: this.#exchange,
      bans: this.#bans,
      trackers: this.#discovery.trackers,
      limits: this.limits,
      isClosed: this.#isClosed,
    };
  }
}

function whoOf({ address, isIncoming }: Peer): Pick<PeerChange, 'address' | 'direction'> {
  return { address, direction: isIncoming ? 'incoming' : 'outgoing' };
}
