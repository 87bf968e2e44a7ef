import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { equalBytes, toHex } from '../bytes/index.ts';
import { type Metainfo, parseTorrent } from '../torrent/index.ts';
import { Bitfield } from './bitfield.ts';
import { RequestHashes } from './connection/encryption.ts';
import { Gate } from './connection/gate.ts';
import type { ShakenHands } from './connection/handshake.ts';
import { Listener } from './connection/listener.ts';
import { letGoMostUseless } from './connection/make-room.ts';
import { createPeerId } from './connection/peer-id.ts';
import type { DiscoverOptions } from './discovery/discovery.ts';
import { DiscoveryHub } from './discovery/discovery-hub.ts';
import { FilePool } from './disk/file-pool.ts';
import { openFinished, openVerified } from './disk/finished-place.ts';
import { RunMemory } from './disk/run-memory.ts';
import { type DownloadOptions, type DownloadResult, runDownload } from './download.ts';
import { SwarmError } from './error.ts';
import { loadVerifier } from './extensions/identity-keys.ts';
import { IdentityProver, type SeedIdentity } from './extensions/identity-prover.ts';
import { ProofBudget } from './extensions/proof-budget.ts';
import { PieceHashes } from './fetching/piece-hashes.ts';
import { HashPool } from './hashing/hash-pool.ts';
import { type Identity, swarmHashes } from './identity.ts';
import { Layout } from './layout.ts';
import { DEFAULT_ENGINE_OPTIONS, type EngineOptions } from './options.ts';
import { LimitPair, type RateLimits } from './rates/throttle.ts';
import type { EngineServices } from './services.ts';
import { SendBuffers } from './serving/send-buffers.ts';
import { identityOfSource, type TorrentSource } from './source.ts';
import { Teller } from './statistics/events.ts';
import { type EngineStatistics, sumOf } from './statistics/statistics.ts';
import { RunningDownload } from './streaming/running-download.ts';
import { Swarm, type SwarmEvents } from './swarm.ts';

/** Megabytes that wait to be sent, in all swarms together. */
const SEND_BUFFERS = 16;
/** How long a full house stays closed after nobody was found who could go: looking takes time. */
const NO_ROOM_MS = 200;

export interface SeedOptions extends DiscoverOptions {
  /** The content was hashed just now and is not hashed again. Default `false`. */
  readonly isVerified?: boolean;
  /** Proves to whoever connects and asks that a builder seeds this. Nothing is proven unless it is given. */
  readonly identity?: SeedIdentity | undefined;
  readonly signal?: AbortSignal;
  /** The content cannot be read any more, or a tracker does not answer. */
  readonly onTrouble?: (error: SwarmError) => void;
}

/**
 * A BitTorrent v2 engine: any number of torrents over one listening port, SHA-256 throughout. It opens nothing towards
 * the outside that was not asked for: it listens on the loopback address unless told otherwise, and asks only the
 * trackers and peers it is given.
 *
 * @example
 * const engine = new Engine({ host: '0.0.0.0', port: 6881 });
 * await engine.listen();
 * const { path } = await engine.download(parseMagnet(link), { folder: '.', trackers: [announceUrl] });
 * await engine.close();
 */
export class Engine extends Teller {
  readonly #services: EngineServices;
  readonly #swarms = new Set<Swarm>();
  readonly #downloads = new Set<Promise<DownloadResult>>();
  /** Swarms by the hex of every infohash they answer to. */
  readonly #register = new Map<string, Swarm>();
  /** The same infohashes by what MSE asks for them with. */
  readonly #requests = new RequestHashes();
  readonly #listener: Listener;
  readonly #gate: Gate;
  /** Until when nobody is looked for who could make room, after nobody was found. */
  #noRoomUntilMs = 0;
  readonly #closing = new AbortController();
  readonly #ticker: NodeJS.Timeout;
  #port = 0;

  constructor(options: Partial<EngineOptions> = {}) {
    super();
    const all = { ...DEFAULT_ENGINE_OPTIONS, ...options };
    const gate = new Gate(all.maxConnections, all.maxConnectionsPerAddress);
    this.#gate = gate;
    const now = (): number => performance.now();
    const random = Math.random;
    const limits = new LimitPair(now);
    limits.set(all);
    this.#services = {
      options: all,
      limits,
      peerId: createPeerId(),
      announceKey: randomBytes(8).toString('hex'),
      pool: new HashPool(all.hashThreads),
      files: new FilePool(all.maxOpenFiles),
      runMemory: new RunMemory(all.pieceMemoryBytes),
      buffers: new SendBuffers(SEND_BUFFERS),
      proofs: new ProofBudget(() => performance.now()),
      port: () => this.#port,
      now,
      closing: this.#closing.signal,
      random,
      discovery: new DiscoveryHub({ ...all, now, random }),
      reserve: (host) => gate.reserve(host),
      released: (host) => gate.release(host),
      makeRoom: (host) => gate.isOpenTo(host) && this.#makeRoom(),
    };
    this.#listener = new Listener(
      this.#services,
      (requestHash) => this.#requests.find(requestHash),
      (shaken) => this.#route(shaken),
    );
    this.#ticker = setInterval(() => {
      for (const swarm of this.#swarms) {
        swarm.tick();
        this.tell('progress', () => ({ swarm, progress: swarm.progress }));
      }
    }, 1000);
    this.#ticker.unref();
  }

  /** Begins to listen on the options' address. Throws `cannot-listen`. */
  async listen(): Promise<{ host: string; port: number }> {
    const { host, port } = this.#services.options;
    const taken = await this.#listener.listen(host, port);
    this.#port = taken.port;
    await this.#services.discovery.listen(taken.host, taken.port);
    return taken;
  }

  /**
   * Seeds content that is on disk: the folder, or for a single-file torrent the file, at `contentPath`. Throws
   * `mismatch` when it is not the torrent's.
   */
  async seed(torrent: Uint8Array | Metainfo, contentPath: string, options: SeedOptions = {}): Promise<Swarm> {
    const metainfo = torrent instanceof Uint8Array ? parseTorrent(torrent) : torrent;
    const layout = new Layout(metainfo.pieceLength, metainfo.files);
    const signal = this.#signalWith(options.signal);
    mustHaveLayers(metainfo, layout);
    const content = options.isVerified
      ? await openFinished(contentPath, metainfo, layout, this.#services)
      : await openVerified(contentPath, metainfo, layout, this.#services, signal);
    const prover = options.identity && (await this.#proverOf(options.identity, metainfo));
    signal.throwIfAborted();
    const swarm = this.#open(identityOfSource(metainfo), {
      onFailure: eachOnce((error) => options.onTrouble?.(error)),
      onTrouble: (error) => options.onTrouble?.(error),
    });
    if (prover) swarm.offer(prover);
    swarm.begin(metainfo, layout, content, Bitfield.full(layout.pieceCount));
    swarm.discover(options, metainfo);
    return swarm;
  }

  /**
   * Downloads a torrent into a folder, under the torrent's own name. Until everything is there and verified, it grows
   * in a hidden folder beside, which stays when the download fails or the process ends: the next one of the same
   * torrent hashes what is there and goes on. Content that stands at the target's place and is the torrent's is
   * verified, and nothing more is done. Throws `target-exists` when it is other, `in-use`, `inconsistent-hybrid`,
   * `disk`, `v1-only`, `closed`, or the signal's reason.
   */
  async download(source: TorrentSource, options: DownloadOptions): Promise<DownloadResult> {
    return this.#run(source, options, () => undefined);
  }

  /**
   * Begins a download, and resolves as soon as its files are known: they can be read while it runs. Throws what
   * {@link Engine.download} does, until then; what happens after is told by `done`.
   *
   * @example
   * const download = await engine.start(parseMagnet(link), { folder: '.', sourceTrackers: true });
   * for await (const chunk of download.read(0)) process.stdout.write(chunk);
   * await download.done;
   */
  async start(source: TorrentSource, options: DownloadOptions): Promise<RunningDownload> {
    const begun = Promise.withResolvers<{ readonly swarm: Swarm; readonly metainfo: Metainfo }>();
    const done = this.#run(source, options, (swarm, metainfo) => begun.resolve({ swarm, metainfo }));
    done.catch(begun.reject); // once it has begun, whoever waits for `done` hears of it
    const { swarm, metainfo } = await begun.promise;
    return new RunningDownload(metainfo, swarm, done);
  }

  #run(
    source: TorrentSource,
    options: DownloadOptions,
    begun: (swarm: Swarm, metainfo: Metainfo) => void,
  ): Promise<DownloadResult> {
    const signal = this.#signalWith(options.signal);
    const running = runDownload(source, { ...options, signal }, this.#services, {
      open: (identity, events) => this.#open(identity, events),
      rename: (swarm) => this.#enter(swarm),
      leave: (swarm) => this.leave(swarm),
      begun,
    });
    this.#downloads.add(running);
    return running.finally(() => this.#downloads.delete(running));
  }

  /** The upload and download limits of all swarms together, in bytes a second; 0 for none. */
  get limits(): Required<RateLimits> {
    return this.#services.limits.rates;
  }

  /** Changes those limits that are named, at once. Throws `bad-limit`. */
  setLimits(limits: RateLimits): void {
    this.#services.limits.set(limits);
  }

  /** The swarms that are here. */
  get swarms(): readonly Swarm[] {
    return [...this.#swarms];
  }

  /** Sums over all swarms, and what of the bounds is used. */
  get statistics(): EngineStatistics {
    return sumOf(
      Array.from(this.#swarms, ({ progress }) => progress),
      { connections: this.#gate.count, handshakes: this.#listener.strangers, limits: this.limits },
    );
  }

  /** Leaves one swarm. */
  async leave(swarm: Swarm): Promise<void> {
    this.#swarms.delete(swarm);
    for (const infoHash of swarmHashes(swarm.identity)) {
      if (this.#register.get(toHex(infoHash)) !== swarm) continue;
      this.#register.delete(toHex(infoHash));
      this.#requests.delete(infoHash);
    }
    await swarm.close();
  }

  /** Leaves all swarms, ends downloads with the error `closed`, and stops listening. */
  async close(): Promise<void> {
    this.#closing.abort(new SwarmError('closed', 'the engine was closed'));
    clearInterval(this.#ticker);
    await Promise.all([this.#listener.close(), ...Array.from(this.#swarms, (swarm) => this.leave(swarm))]);
    await Promise.allSettled(this.#downloads); // they give their folders back
    this.#services.discovery.close();
    await this.#services.pool.close();
    await this.#services.files.close();
  }

  async #proverOf(identity: SeedIdentity, { infoHashV2: infoHash }: Metainfo): Promise<IdentityProver> {
    const { peerId, proofs: budget } = this.#services;
    return new IdentityProver(identity, { infoHash, peerId, verify: await loadVerifier(), budget });
  }

  #signalWith(signal: AbortSignal | undefined): AbortSignal {
    return signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal;
  }

  #open(identity: Identity, events: SwarmEvents): Swarm {
    this.#closing.signal.throwIfAborted();
    if (this.#swarms.size >= this.#services.options.maxSwarms) {
      throw new SwarmError(
        'unsupported-torrent',
        `this engine holds ${this.#swarms.size} torrents and no more`,
      );
    }
    const held = this.#find(identity);
    if (held) {
      throw new SwarmError('unsupported-torrent', `torrent ${toHex(identity.infoHashV2)} is here already`);
    }
    const swarm: Swarm = new Swarm(
      identity,
      this.#services,
      this.#telling(() => swarm, events),
    );
    this.#swarms.add(swarm);
    this.#enter(swarm);
    return swarm;
  }

  /** The events of a swarm, for whoever started it and for the engine's listeners. */
  #telling(swarmOf: () => Swarm, events: SwarmEvents): SwarmEvents {
    return {
      onMetadata: (infoBytes) => {
        events.onMetadata?.(infoBytes);
        this.tell('metadata', () => ({ swarm: swarmOf() }));
      },
      onComplete: () => {
        events.onComplete?.();
        this.tell('complete', () => ({ swarm: swarmOf() }));
      },
      onFailure: (error) => {
        events.onFailure?.(error);
        this.tell('failure', () => ({ swarm: swarmOf(), error }));
      },
      onTrouble: (error) => {
        events.onTrouble?.(error);
        this.tell('trouble', () => ({ swarm: swarmOf(), error }));
      },
      onPeer: (change) => {
        events.onPeer?.(change);
        this.tell('peer', () => ({ swarm: swarmOf(), ...change }));
      },
    };
  }

  /** All places are taken: lets go somebody who does not shake hands, or the most useless peer of all swarms. */
  #makeRoom(): boolean {
    const nowMs = this.#services.now();
    if (nowMs < this.#noRoomUntilMs) return false;
    if (this.#listener.dropStranger()) return true;
    if (letGoMostUseless(Array.from(this.#swarms, (swarm) => swarm.mostUseless))) return true;
    this.#noRoomUntilMs = nowMs + NO_ROOM_MS;
    return false;
  }

  /** Enters a swarm under each of its infohashes. */
  #enter(swarm: Swarm): void {
    for (const infoHash of swarmHashes(swarm.identity)) {
      this.#register.set(toHex(infoHash), swarm);
      this.#requests.add(infoHash);
    }
  }

  #find(identity: Identity): Swarm | undefined {
    const swarm = swarmHashes(identity)
      .map((infoHash) => this.#register.get(toHex(infoHash)))
      .find(Boolean);
    return swarm && equalBytes(swarm.identity.infoHashV2, identity.infoHashV2) ? swarm : undefined;
  }

  /** Hands a connection that shook hands to its swarm. */
  #route(shaken: ShakenHands): void {
    const { socket, remote } = shaken;
    const swarm = this.#register.get(toHex(remote.infoHash));
    if (swarm?.welcomes(socket.address.host)) {
      swarm.accept(shaken);
      return;
    }
    socket.listen(
      () => undefined,
      () => this.#services.released(socket.address.host),
    );
    socket.close(new SwarmError('wrong-swarm', 'no such torrent here, or no room in it'));
  }
}

/** Tells each error once: a file that changed is found again by every request for it. */
function eachOnce(tell: (error: SwarmError) => void): (error: SwarmError) => void {
  const told = new WeakSet<SwarmError>();
  return (error) => {
    if (!told.has(error)) tell(error);
    told.add(error);
  };
}

function mustHaveLayers(metainfo: Metainfo, layout: Layout): void {
  if (new PieceHashes(layout, metainfo.pieceLayers).isComplete) return;
  throw new SwarmError(
    'unsupported-torrent',
    `torrent ${toHex(metainfo.infoHashV2)} comes without its piece layers: seed it from its .torrent file`,
  );
}
