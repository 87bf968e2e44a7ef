import { toHex } from '../bytes/index.ts';
import type { Metainfo } from '../torrent/index.ts';
import type { PeerAddress } from '../wire/index.ts';
import type { Bitfield } from './bitfield.ts';
import { Admission } from './connection/admission.ts';
import type { ShakenHands } from './connection/handshake.ts';
import { letGoMostUseless, type UselessPeer } from './connection/make-room.ts';
import { Roster } from './connection/roster.ts';
import { type DiscoverOptions, Discovery, type DiscoverySource } from './discovery/discovery.ts';
import { ownReach } from './discovery/own-reach.ts';
import type { Content } from './disk/content.ts';
import { SwarmError } from './error.ts';
import { Exchange } from './exchange.ts';
import { type Extension, Extensions } from './extensions/extension.ts';
import { MetadataExtension } from './extensions/metadata.ts';
import type { Identity } from './identity.ts';
import type { Layout } from './layout.ts';
import { PeerDesk } from './peer-desk.ts';
import type { SwarmProgress } from './progress.ts';
import { LimitPair, type RateLimits, Throttle } from './rates/throttle.ts';
import type { EngineServices } from './services.ts';
import type { TorrentSource } from './source.ts';
import type { SwarmEvents } from './statistics/events.ts';
import { progressOf, type SwarmParts, statisticsOf, trafficOf } from './statistics/snapshot.ts';
import type { SwarmStatistics } from './statistics/statistics.ts';
import { type WebSeedOptions, webSeedsOf } from './web-seeds/options.ts';
import type { WebSeedAddress } from './web-seeds/web-seed.ts';

/**
 * One torrent among its peers, under both of its identities (BEP 52, "upgrade path"): finds peers, keeps connections,
 * fetches the metadata of a magnet link, and leaves blocks and hashes to its {@link Exchange}.
 */
export class Swarm {
  readonly #services: EngineServices;
  readonly #events: SwarmEvents;
  readonly #discovery: Discovery;
  readonly #roster: Roster;
  readonly #desk: PeerDesk;
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
      ban: (peer, reason) => this.#desk.ban(peer, reason),
    });
    this.#extensions = new Extensions([this.#metadata]);
    this.#desk = new PeerDesk({
      services,
      events,
      roster: this.#roster,
      extensions: this.#extensions,
      discovery: this.#discovery,
    });
    this.#admission = new Admission({
      services,
      roster: this.#roster,
      extensions: this.#extensions,
      intake: this.#intake,
      discovery: this.#discovery,
      identity: () => this.#identity,
      have: () => this.#exchange?.have,
      isClosed: () => this.#isClosed,
      owner: this.#desk,
      onAdmitted: (peer) => this.#desk.take(peer),
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
      ban: (peer, reason) => this.#desk.ban(peer, reason),
      onComplete: () => this.#completed(),
      onTrouble: (error) => this.#events.onTrouble?.(error),
      onFailure: (error) => this.#events.onFailure?.(error),
    });
    this.#exchange = exchange;
    this.#desk.know(exchange, (peer) => this.#admission.greet(peer));
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
   * Stops to look for peers in some ways, or in all, for as long as the swarm is open; peers that are connected stay, and
   * others may connect. Resolves when the trackers heard a goodbye, or did not answer. Never rejects.
   */
  async stopDiscovery(sources: readonly DiscoverySource[] = ['trackers', 'dht', 'addresses']): Promise<void> {
    await this.#discovery.stop(new Set(sources));
  }

  /** Fetches nothing from HTTP servers any more. */
  stopWebSeeds(): void {
    this.#webSeeds = [];
    this.#exchange?.stopWebSeeds();
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
    this.#roster.tick(this.#services.now());
    this.#extensions.tick();
    this.#exchange?.tick();
    if (this.#output.isOn) this.#output.payLater(this.#roster.newOverheadBytes());
    this.#desk.tick();
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

  #completed(): void {
    this.#discovery.complete();
    this.#events.onComplete?.();
  }

  get #snapshot(): SwarmParts {
    return {
      identity: this.#identity,
      roster: this.#roster,
      exchange: this.#exchange,
      bans: this.#desk.bans,
      trackers: this.#discovery.trackers,
      limits: this.limits,
      isClosed: this.#isClosed,
    };
  }
}
