import { setTimeout as sleep } from 'node:timers/promises';
import type { AnnounceEvent, AnnounceResponse, PeerAddress, SwarmHash } from '../../wire/index.ts';
import type { SwarmError } from '../error.ts';
import { type Announcement, announceTo } from './tracker-client.ts';

/** Bounds on the interval that a tracker asks for, in seconds. */
const LEAST_INTERVAL = 5;
const MOST_INTERVAL = 3600;
const FIRST_RETRY_SECONDS = 2;
/** How long farewells may take. */
const FAREWELL_MS = 2000;

export interface AnnouncerParts {
  readonly url: string;
  readonly infoHash: SwarmHash;
  readonly localAddress: string | undefined;
  /** What is told, but for infohash and event. */
  readonly state: () => Omit<Announcement, 'infoHash' | 'event'>;
  readonly onPeers: (peers: readonly PeerAddress[]) => void;
  readonly onError: (error: SwarmError) => void;
}

/**
 * Keeps one swarm known to one tracker: started, then as often as the tracker wants, completed when it is, stopped at
 * the end (BEP 3). Failures are retried, each time after twice as long.
 */
export class Announcer {
  readonly #parts: AnnouncerParts;
  readonly #stopped = new AbortController();
  #wake = new AbortController();
  #isCompleted = false;
  #isKnown = false;
  readonly #running: Promise<void>;

  constructor(parts: AnnouncerParts) {
    this.#parts = parts;
    this.#running = this.#run();
  }

  /** The download is complete: the tracker is told at once. */
  complete(): void {
    this.#isCompleted = true;
    this.#wake.abort();
  }

  /** Says goodbye, if the tracker knows us, and ends. Never rejects. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
    if (this.#isKnown) await this.#announce('stopped', AbortSignal.timeout(FAREWELL_MS));
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#stopped.signal.aborted) {
      this.#wake = new AbortController();
      const event = this.#nextEvent();
      const answer = await this.#announce(event, this.#stopped.signal);
      failures = answer ? 0 : failures + 1;
      // Stopped before the answer came: the tracker may know us all the same.
      if (!answer && this.#stopped.signal.aborted) this.#isKnown = true;
      if (answer) {
        this.#isKnown = true;
        if (event === 'completed') this.#isCompleted = false;
        this.#parts.onPeers(answer.peers);
      }
      await this.#pause(
        answer ? intervalOf(answer) : Math.min(MOST_INTERVAL, FIRST_RETRY_SECONDS * 2 ** (failures - 1)),
      );
    }
  }

  #nextEvent(): AnnounceEvent {
    if (!this.#isKnown) return 'started';
    return this.#isCompleted ? 'completed' : null;
  }

  async #announce(event: AnnounceEvent, signal: AbortSignal): Promise<AnnounceResponse | undefined> {
    const { url, infoHash, localAddress, state, onError } = this.#parts;
    try {
      return await announceTo(url, { ...state(), infoHash, event }, { localAddress, signal });
    } catch (error) {
      if (!signal.aborted) onError(error as SwarmError);
      return undefined;
    }
  }

  /** Waits, unless there is something to tell. */
  async #pause(seconds: number): Promise<void> {
    const signal = AbortSignal.any([this.#stopped.signal, this.#wake.signal]);
    try {
      await sleep(seconds * 1000, undefined, { signal });
    } catch {
      // Woken up: stopped, or there is something to tell.
    }
  }
}

function intervalOf({ intervalSeconds, minIntervalSeconds }: AnnounceResponse): number {
  const wanted = Math.max(intervalSeconds || 1800, minIntervalSeconds ?? 0);
  return Math.min(MOST_INTERVAL, Math.max(LEAST_INTERVAL, wanted));
}
