import type { AnnounceEvent, PeerAddress, SwarmHash } from '../../wire/index.ts';
import type { SwarmError } from '../error.ts';
import type { TrackerLog } from '../statistics/tracker-log.ts';
import type { AnnounceJob } from './announce-scheduler.ts';
import type { DiscoveryHub } from './discovery-hub.ts';
import { type Announced, type Announcement, announceTo } from './tracker-client.ts';
import { type TrackerChain, TrackerOrder } from './tracker-tiers.ts';

/** Bounds on the interval that a tracker asks for, and what is taken when it asks for none, in seconds. */
const LEAST_INTERVAL = 5;
const MOST_INTERVAL = 3600;
const USUAL_INTERVAL = 1800;
const FIRST_RETRY_SECONDS = 2;
/** How long a farewell may take, and how much longer for each announce that waits before it. */
const FAREWELL_MS = 2000;
const FAREWELL_EACH_MS = 1;

/** The swarm that is announced. */
export interface AnnouncerOwner {
  readonly hub: DiscoveryHub;
  /** What is told, but for infohash and event. */
  state(): Omit<Announcement, 'infoHash' | 'event'>;
  onPeers(peers: readonly PeerAddress[], identity: 'v1' | 'v2'): void;
  onTrouble(error: SwarmError): void;
  /** What became of announces, for statistics. */
  readonly trackers: TrackerLog;
}

/**
 * Keeps one name of a swarm known to one chain of trackers (BEP 3, 12): to the first that answers, from the front each
 * time. `completed` and `stopped` go to those that know us. A download goes on to the next tracker also when an answer
 * holds nobody. When none answers it is tried again, each time after twice as long.
 */
export class Announcer implements AnnounceJob {
  readonly #owner: AnnouncerOwner;
  readonly #order: TrackerOrder;
  readonly #chain: TrackerChain;
  readonly #infoHash: SwarmHash;
  readonly #identity: 'v1' | 'v2';
  /** Trackers that know us. */
  readonly #knowing = new Set<string>();
  /** Trackers that have not heard yet that the download is complete. */
  readonly #unaware = new Set<string>();
  /** Which tracker of the order is next. */
  #place = 0;
  #failures = 0;
  /** What the tracker wants that answered in this round. */
  #interval: number | undefined;
  #running: { readonly url: string; readonly abort: AbortController } | undefined;
  #isStopped = false;
  #lastError = '';

  constructor(owner: AnnouncerOwner, chain: TrackerChain, infoHash: SwarmHash, identity: 'v1' | 'v2') {
    this.#owner = owner;
    this.#chain = chain;
    this.#infoHash = infoHash;
    this.#identity = identity;
    this.#order = new TrackerOrder(chain, owner.hub.random);
  }

  get host(): string {
    return hostOf(this.#next ?? '');
  }

  /** The download is complete: the trackers that know us are told at once. */
  complete(): void {
    for (const url of this.#knowing) this.#unaware.add(url);
    if (this.#running) this.#unaware.add(this.#running.url);
    if (this.#unaware.size > 0) this.#owner.hub.scheduler.soon(this);
  }

  /** Says goodbye to the trackers that know us, and ends. Never rejects. */
  async stop(): Promise<void> {
    const { scheduler } = this.#owner.hub;
    this.#isStopped = true;
    this.#running?.abort.abort();
    await scheduler.remove(this);
    const signal = AbortSignal.timeout(FAREWELL_MS + scheduler.waiting * FAREWELL_EACH_MS);
    await Promise.all(Array.from(this.#knowing, (url) => this.#farewell(url, signal)));
  }

  async run(): Promise<number | undefined> {
    const url = this.#next;
    if (url === undefined || this.#isStopped) return undefined;
    const event = this.#eventFor(url);
    const abort = new AbortController();
    this.#running = { url, abort };
    const answer = await this.#announce(url, event, abort.signal);
    this.#running = undefined;
    if (abort.signal.aborted) {
      this.#knowing.add(url); // stopped before the answer came: the tracker may know us all the same
      return undefined;
    }
    if (event === 'completed') this.#unaware.delete(url); // not known there any more when it failed
    const seconds = answer ? this.#answered(url, answer) : this.#failed(url);
    const tracker = { host: hostOf(url), identity: this.#identity };
    const outcome = answer ? { peers: answer.peers.length } : { error: this.#lastError };
    this.#owner.trackers.note(tracker, outcome, seconds * 1000);
    return seconds * 1000;
  }

  get #next(): string | undefined {
    const [unaware] = this.#unaware;
    return unaware ?? this.#order.at(this.#place);
  }

  #eventFor(url: string): AnnounceEvent {
    if (!this.#knowing.has(url)) return 'started';
    return this.#unaware.has(url) ? 'completed' : null;
  }

  /** Seconds until the next announce. */
  #answered(url: string, answer: Announced): number {
    const owner = this.#owner;
    this.#knowing.add(url);
    this.#order.answered(url);
    this.#failures = 0;
    this.#interval = intervalOf(answer);
    owner.onPeers(answer.peers, this.#identity);
    if (this.#unaware.size > 0) return 0;
    const isEnough = answer.peers.length > 0 || owner.state().leftBytes === 0;
    return isEnough ? this.#round() : this.#goOn();
  }

  #failed(url: string): number {
    this.#knowing.delete(url);
    this.#unaware.delete(url);
    return this.#goOn();
  }

  /** On to the next tracker, or to the next round when there is none. */
  #goOn(): number {
    this.#place += 1;
    return this.#order.at(this.#place) === undefined ? this.#round() : 0;
  }

  /** From the front again, after a pause. */
  #round(): number {
    this.#place = 0;
    const interval = this.#interval;
    this.#interval = undefined;
    if (interval !== undefined) return interval;
    this.#failures += 1;
    return Math.min(MOST_INTERVAL, FIRST_RETRY_SECONDS * 2 ** (this.#failures - 1));
  }

  async #announce(url: string, event: AnnounceEvent, signal: AbortSignal): Promise<Announced | undefined> {
    const { hub } = this.#owner;
    try {
      const announcement = { ...this.#owner.state(), infoHash: this.#infoHash, event };
      return await announceTo(url, announcement, {
        reach: this.#chain.reach,
        localAddress: hub.localAddress,
        signal,
        ...(hub.scheduler.isBusy(hostOf(url)) && { agents: hub.agents }),
      });
    } catch (error) {
      this.#lastError = (error as SwarmError).message;
      if (!signal.aborted) this.#owner.onTrouble(error as SwarmError);
      return undefined;
    }
  }

  #farewell(url: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const run = async (): Promise<undefined> => {
        if (!signal.aborted) await this.#announce(url, 'stopped', signal);
        resolve();
      };
      this.#owner.hub.scheduler.soon({ host: hostOf(url), run });
    });
  }
}

function hostOf(url: string): string {
  return URL.parse(url)?.host ?? '';
}

function intervalOf({ intervalSeconds, minIntervalSeconds }: Announced): number {
  const wanted = Math.max(intervalSeconds || USUAL_INTERVAL, minIntervalSeconds ?? 0);
  return Math.min(MOST_INTERVAL, Math.max(LEAST_INTERVAL, wanted));
}
