import type { Logger } from 'pino';
import { CodedError } from '../../bytes/index.ts';
import type { IdentityLimits } from '../limits.ts';
import type { Endpoint } from './audit-queue.ts';

/** Somebody who announced by the URL for anyone that it seeds an infohash that votes name. */
export interface Stranger {
  /** 64 hex digits. */
  readonly infoHashV2: string;
  /** Where it announced from, and nowhere else. */
  readonly endpoint: Endpoint;
  /** Its address as limits count it. */
  readonly group: string;
}

/** Asks a seeder for its builder's key, 64 hex digits; rejects when it proves none. */
export type AskIdentity = (stranger: Stranger, signal: AbortSignal) => Promise<string>;

/**
 * Strangers that are asked whose they are: a few at once, one at a time at each address, each endpoint once in a while.
 * Anybody can announce an address that never answers. So a stranger for whom there is no place is not asked now, but at
 * a later announce; who wants to be known at once announces by its own URL.
 */
export class IdentityQueue {
  readonly #limits: IdentityLimits;
  readonly #ask: AskIdentity;
  readonly #learnt: (stranger: Stranger, key: string) => boolean;
  readonly #logger: Logger;
  readonly #nowMs: () => number;
  readonly #waiting: Stranger[] = [];
  /** How many of an address wait or run. */
  readonly #perGroup = new Map<string, number>();
  readonly #runningGroups = new Set<string>();
  /** When an endpoint may be asked again, the one asked longest ago first. */
  readonly #notBefore = new Map<string, number>();
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<void>>();

  constructor(parts: {
    readonly limits: IdentityLimits;
    readonly ask: AskIdentity;
    /** A stranger proved a key; answers whether that is a builder's. */
    readonly learnt: (stranger: Stranger, key: string) => boolean;
    readonly logger: Logger;
    readonly nowMs: () => number;
  }) {
    this.#limits = parts.limits;
    this.#ask = parts.ask;
    this.#learnt = parts.learnt;
    this.#logger = parts.logger;
    this.#nowMs = parts.nowMs;
  }

  /** How many wait or are asked. */
  get size(): number {
    return this.#waiting.length + this.#running.size;
  }

  /** Asks a stranger, unless it was asked lately or there is no place. */
  offer(stranger: Stranger): void {
    const { queued, queuedPerAddress } = this.#limits;
    const name = nameOf(stranger);
    const held = this.#perGroup.get(stranger.group) ?? 0;
    if (this.#closing.signal.aborted || (this.#notBefore.get(name) ?? 0) > this.#nowMs()) return;
    if (this.#waiting.length >= queued || held >= queuedPerAddress) return;
    this.#remember(name, this.#limits.againMs);
    this.#perGroup.set(stranger.group, held + 1);
    this.#waiting.push(stranger);
    this.#start();
  }

  /** Ends what runs and drops what waits. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the tally closes'));
    this.#waiting.length = 0;
    await Promise.all(this.#running);
  }

  #start(): void {
    while (this.#running.size < this.#limits.concurrent) {
      const at = this.#waiting.findIndex(({ group }) => !this.#runningGroups.has(group));
      const [stranger] = at < 0 ? [] : this.#waiting.splice(at, 1);
      if (stranger === undefined) return;
      this.#runningGroups.add(stranger.group);
      const run = this.#run(stranger).finally(() => {
        this.#running.delete(run);
        this.#leave(stranger);
        this.#start();
      });
      this.#running.add(run);
    }
  }

  async #run(stranger: Stranger): Promise<void> {
    try {
      const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(this.#limits.timeoutMs)]);
      const isBuilder = this.#learnt(stranger, await this.#ask(stranger, signal));
      // Once it is known as a builder's it is no stranger; when it becomes one again, it is asked again.
      if (isBuilder) this.#remember(nameOf(stranger), this.#limits.retryMs);
    } catch (error) {
      // Most seeders are nobody's: that is an answer. What else went wrong may pass.
      if (error instanceof CodedError && error.code === 'identity-refused') return;
      this.#remember(nameOf(stranger), this.#limits.retryMs);
      this.#logger.debug(
        { infoHashV2: stranger.infoHashV2, reason: String(error) },
        'no identity was proven',
      );
    }
  }

  #remember(name: string, forMs: number): void {
    this.#notBefore.delete(name);
    this.#notBefore.set(name, this.#nowMs() + forMs);
    if (this.#notBefore.size <= this.#limits.remembered) return;
    this.#notBefore.delete(this.#notBefore.keys().next().value as string);
  }

  #leave({ group }: Stranger): void {
    this.#runningGroups.delete(group);
    const left = (this.#perGroup.get(group) ?? 0) - 1;
    if (left > 0) this.#perGroup.set(group, left);
    else this.#perGroup.delete(group);
  }
}

function nameOf({ infoHashV2, endpoint }: Stranger): string {
  return `${infoHashV2} ${endpoint.host} ${endpoint.port}`;
}
