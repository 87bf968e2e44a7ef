import type { Metainfo } from '../torrent/index.ts';
import { Bitfield } from './bitfield.ts';
import { Gate } from './connection/gate.ts';
import { Listener } from './connection/listener.ts';
import { createServices } from './create-services.ts';
import { type DownloadOptions, type DownloadResult, runDownload } from './download.ts';
import { SwarmError } from './error.ts';
import type { Identity } from './identity.ts';
import { DEFAULT_ENGINE_OPTIONS, type EngineOptions } from './options.ts';
import type { RateLimits } from './rates/throttle.ts';
import { eachOnce, prepareSeeding, type SeedOptions } from './seeding.ts';
import type { EngineServices } from './services.ts';
import { identityOfSource, type TorrentSource } from './source.ts';
import { type SwarmEvents, Teller } from './statistics/events.ts';
import { type EngineStatistics, sumOf } from './statistics/statistics.ts';
import { RunningDownload } from './streaming/running-download.ts';
import { Swarm } from './swarm.ts';
import { SwarmRegister } from './swarm-register.ts';

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
  readonly #register = new SwarmRegister();
  readonly #downloads = new Set<Promise<DownloadResult>>();
  readonly #listener: Listener;
  readonly #gate: Gate;
  readonly #closing = new AbortController();
  readonly #ticker: NodeJS.Timeout;
  #port = 0;

  constructor(options: Partial<EngineOptions> = {}) {
    super();
    const all = { ...DEFAULT_ENGINE_OPTIONS, ...options };
    const gate = new Gate(all.maxConnections, all.maxConnectionsPerAddress);
    this.#gate = gate;
    this.#services = createServices(all, gate, {
      port: () => this.#port,
      closing: this.#closing.signal,
      dropStranger: () => this.#listener.dropStranger(),
      mostUseless: () => Array.from(this.#register, (swarm) => swarm.mostUseless),
    });
    this.#listener = new Listener(
      this.#services,
      (requestHash) => this.#register.requested(requestHash),
      (shaken) => this.#register.route(shaken, gate),
    );
    this.#ticker = setInterval(() => {
      for (const swarm of this.#register) {
        swarm.tick();
        this.tell('progress', () => ({ swarm, progress: swarm.progress }));
      }
    }, 1000);
    this.#ticker.unref();
  }

  /** Begins to listen on the options' address. Throws `cannot-listen`. */
  async listen(): Promise<{ host: string; port: number }> {
    const { host, port } = this.#services.options;
    this.#services.pool.prepare(); // seeding and downloading begin with hashing; threads take a while to start
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
    const signal = this.#signalWith(options.signal);
    const seedable = await prepareSeeding(torrent, contentPath, options, this.#services, signal);
    const { metainfo, layout, content, prover } = seedable;
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
      rename: (swarm) => this.#register.enter(swarm),
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
    return [...this.#register];
  }

  /** Sums over all swarms, and what of the bounds is used. */
  get statistics(): EngineStatistics {
    return sumOf(
      Array.from(this.#register, ({ progress }) => progress),
      { connections: this.#gate.count, handshakes: this.#listener.strangers, limits: this.limits },
    );
  }

  /** Leaves one swarm. */
  async leave(swarm: Swarm): Promise<void> {
    this.#register.delete(swarm);
    await swarm.close();
  }

  /** Leaves all swarms, ends downloads with the error `closed`, and stops listening. */
  async close(): Promise<void> {
    this.#closing.abort(new SwarmError('closed', 'the engine was closed'));
    clearInterval(this.#ticker);
    await Promise.all([this.#listener.close(), ...Array.from(this.#register, (swarm) => this.leave(swarm))]);
    await Promise.allSettled(this.#downloads); // they give their folders back
    this.#services.discovery.close();
    await this.#services.pool.close();
    await this.#services.files.close();
  }

  #signalWith(signal: AbortSignal | undefined): AbortSignal {
    return signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal;
  }

  #open(identity: Identity, events: SwarmEvents): Swarm {
    this.#closing.signal.throwIfAborted();
    this.#register.mustTake(identity, this.#services.options.maxSwarms);
    const swarm: Swarm = new Swarm(
      identity,
      this.#services,
      this.telling(() => swarm, events),
    );
    this.#register.add(swarm);
    return swarm;
  }
}
