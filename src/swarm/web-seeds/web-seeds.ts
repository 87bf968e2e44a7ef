import { HttpAgents } from '../connection/http-agents.ts';
import type { HttpGetOptions } from '../connection/http-get.ts';
import { SwarmError } from '../error.ts';
import type { Downloader } from '../fetching/downloader.ts';
import type { Slots } from '../fetching/slots.ts';
import type { Layout } from '../layout.ts';
import { RateMeter } from '../progress.ts';
import type { Throttle } from '../rates/throttle.ts';
import { FetchChoice } from './fetch-choice.ts';
import { fileUrl, type NamedContent } from './file-url.ts';
import { WEB_SEED_LIMITS } from './limits.ts';
import { Patience } from './patience.ts';
import { type Fetch, readRun } from './read-run.ts';
import { RunWriter } from './run-writer.ts';
import { WebSeed, type WebSeedAddress } from './web-seed.ts';

export interface WebSeedsParts {
  readonly content: NamedContent;
  readonly layout: Layout;
  readonly downloader: Downloader;
  readonly slots: Slots;
  readonly intake: Throttle;
  readonly localAddress: string | undefined;
  /** Whether the hash of every piece is known. */
  readonly knowsHashes: () => boolean;
  /** For how long a server that owes bytes may send less than a block. */
  readonly silenceMs: number;
  readonly now: () => number;
  readonly random: () => number;
  /** Something went wrong that others make up for. */
  readonly onTrouble: (error: SwarmError) => void;
}

const HINT_TICKS = 5;

/** What comes from web seeds. */
export interface WebSeedTraffic {
  /** How many are being fetched from now. */
  readonly active: number;
  /** Bytes of bodies, whatever became of them. */
  readonly receivedBytes: number;
  readonly bytesPerSecond: number;
}

/**
 * The web seeds of one download (BEP 19): HTTP servers that have its files. They fetch long runs of pieces that nobody
 * else fetches, a few at a time; every piece is verified like those of peers.
 */
export class WebSeeds {
  readonly #parts: WebSeedsParts;
  readonly #seeds = new Map<string, WebSeed>();
  readonly #fetches = new Set<Fetch>();
  readonly #http: Pick<HttpGetOptions, 'agents' | 'localAddress'> & { readonly agents: HttpAgents };
  readonly #choice: FetchChoice;
  readonly #rate: RateMeter;
  #isClosed = false;
  /** Seconds in which web seeds had nothing that could be verified. */
  #idleTicks = 0;
  #hasHinted = false;

  constructor(parts: WebSeedsParts) {
    this.#parts = parts;
    this.#http = { agents: new HttpAgents(WEB_SEED_LIMITS.requests), localAddress: parts.localAddress };
    this.#rate = new RateMeter(parts.now());
    this.#choice = new FetchChoice(parts.layout, parts.downloader.picker);
  }

  /** Notes web seeds, each once, as far as there is room. */
  add(addresses: Iterable<WebSeedAddress>): void {
    for (const address of addresses) {
      if (this.#seeds.size >= WEB_SEED_LIMITS.seeds) break;
      if (!this.#seeds.has(address.url)) this.#seeds.set(address.url, new WebSeed(address));
    }
    this.pump();
  }

  get traffic(): WebSeedTraffic {
    return {
      active: new Set(Array.from(this.#fetches, ({ seed }) => seed)).size,
      receivedBytes: this.#receivedBytes,
      bytesPerSecond: this.#rate.bytesPerSecond,
    };
  }

  /** Called once a second. */
  tick(): void {
    const { now, silenceMs } = this.#parts;
    this.#rate.tick(this.#receivedBytes, now());
    for (const { patience, abort } of this.#fetches) {
      const reproach = patience.lost(silenceMs, now());
      if (reproach !== undefined) abort.abort(new Error(reproach));
    }
    this.#start(true);
    this.#hint();
  }

  /** Begins requests where there is something to fetch. */
  pump(): void {
    this.#start(false);
  }

  /** Somebody reads: requests for what nobody reads end with the piece that they are at. */
  hurry(): void {
    const { runs, urgency } = this.#parts.downloader.picker;
    for (const { run } of this.#fetches) if (!urgency.has(run.next)) runs.cut(run.next);
    this.pump();
  }

  /** A web seed sent a wrong piece: it is never asked again. */
  ban(seed: WebSeed, reason: SwarmError): void {
    if (seed.givenUp !== undefined) return;
    seed.givenUp = reason.message;
    this.#parts.onTrouble(reason);
    for (const fetch of this.#fetches) if (fetch.seed === seed) fetch.abort.abort(reason);
  }

  /** Ends all requests. */
  close(): void {
    this.#isClosed = true;
    const reason = new SwarmError('closed', 'the download needs no web seeds any more');
    for (const { abort } of this.#fetches) abort.abort(reason);
    this.#http.agents.close();
  }

  /** Tells once that nothing can be fetched because nothing could be verified. */
  #hint(): void {
    if (this.#seeds.size === 0 || this.#fetches.size > 0 || this.#parts.knowsHashes()) this.#idleTicks = 0;
    else this.#idleTicks += 1;
    if (this.#idleTicks !== HINT_TICKS || this.#hasHinted) return;
    this.#hasHinted = true;
    this.#parts.onTrouble(
      new SwarmError(
        'web-seed',
        'the web seeds wait: the piece layers of this torrent are unknown, and without them nothing that a server ' +
          'sends can be verified. A peer can give them, or a .torrent file that holds them',
      ),
    );
  }

  get #receivedBytes(): number {
    let sum = 0;
    for (const { receivedBytes } of this.#seeds.values()) sum += receivedBytes;
    return sum;
  }

  #start(isEndgame: boolean): void {
    for (const seed of this.#seeds.values()) {
      while (
        !this.#isClosed &&
        this.#fetches.size < WEB_SEED_LIMITS.requests &&
        seed.isFree(this.#parts.now())
      ) {
        const found = this.#choice.next(seed) ?? (isEndgame ? this.#choice.help(seed) : undefined);
        if (!found) break;
        void this.#fetch({ ...found, seed, abort: new AbortController(), patience: new Patience() });
      }
    }
  }

  async #fetch(fetch: Fetch): Promise<void> {
    const { seed, run, abort } = fetch;
    const { downloader, slots, content, now, random } = this.#parts;
    const writer = new RunWriter({ ...fetch, source: seed, downloader, slots, signal: abort.signal });
    this.#fetches.add(fetch);
    seed.requests += 1;
    try {
      await readRun(fetch, writer, fileUrl(seed.url, content, run.file.path), {
        ...this.#parts,
        http: this.#http,
      });
      seed.succeeded();
    } catch (thrown) {
      const cause = (abort.signal.aborted ? abort.signal.reason : thrown) as Error;
      if (!this.#isClosed && seed.givenUp === undefined) {
        const told = seed.failed(cause, run.file, now(), random);
        if (told !== undefined) this.#parts.onTrouble(new SwarmError('web-seed', told, { cause }));
      }
    } finally {
      seed.requests -= 1;
      this.#fetches.delete(fetch);
      writer.close();
    }
    this.pump();
  }
}
