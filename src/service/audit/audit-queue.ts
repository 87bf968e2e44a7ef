import type { Logger } from 'pino';
import type { AuditLimits } from '../limits.ts';
import type { Vote } from '../vote-index.ts';

/** Where a builder seeds what it voted for: the address that announced, and no other. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Asks an endpoint for one random block with its proof; rejects when it does not show it. */
export type Audit = (vote: Vote, endpoint: Endpoint, signal: AbortSignal) => Promise<void>;

interface Job {
  readonly name: string;
  readonly vote: Vote;
  readonly hasWeight: boolean;
  endpoint: Endpoint;
  tries: number;
}

/** Probes that may run for one builder at a time, so that one that never answers delays itself only. */
const RUNNING_PER_BUILDER = 2;

/**
 * Audits that are due: one for each vote at a time, a few at once, tried again after pauses. Whoever fails every
 * try is taken up again at its next announce.
 *
 * Anybody can register keys, vote with them as a mirror and announce an address that never answers. So votes that an
 * audit would make count come first and always get a place: their number is bounded by the panels. All others share
 * `queued` places and half of what runs at once; when those are full, they wait for their next announce.
 */
export class AuditQueue {
  readonly #limits: AuditLimits;
  readonly #audit: Audit;
  readonly #logger: Logger;
  /** Every job that waits, pauses or runs, by vote. */
  readonly #jobs = new Map<string, Job>();
  /** How many of them, and of those that run, are of votes without weight. */
  #weightless = 0;
  #weightlessRunning = 0;
  readonly #waiting: Job[] = [];
  readonly #pauses = new Set<NodeJS.Timeout>();
  readonly #running = new Map<string, number>();
  readonly #closing = new AbortController();
  readonly #ended = new Set<Promise<void>>();

  constructor(limits: AuditLimits, audit: Audit, logger: Logger) {
    this.#limits = limits;
    this.#audit = audit;
    this.#logger = logger;
  }

  /** How many audits wait, pause or run. */
  get size(): number {
    return this.#jobs.size;
  }

  /**
   * Asks for an audit. A vote whose audit is already due is tried where it was announced last. `hasWeight`: whether
   * the vote would count after it.
   */
  offer(vote: Vote, endpoint: Endpoint, hasWeight: boolean): void {
    const name = `${vote.release} ${vote.builder} ${vote.infoHashV2}`;
    const due = this.#jobs.get(name);
    if (due !== undefined) {
      due.endpoint = endpoint;
      return;
    }
    if (this.#closing.signal.aborted || (!hasWeight && this.#weightless >= this.#limits.queued)) return;
    const job: Job = { name, vote, hasWeight, endpoint, tries: 0 };
    this.#jobs.set(name, job);
    if (!hasWeight) this.#weightless += 1;
    this.#waiting.push(job);
    this.#start();
  }

  /** Ends what runs and drops what waits. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the tally closes'));
    for (const pause of this.#pauses) clearTimeout(pause);
    this.#waiting.length = 0;
    await Promise.all(this.#ended);
    this.#jobs.clear();
  }

  #start(): void {
    while (this.#ended.size < this.#limits.concurrent) {
      const job = this.#takeNext();
      if (job === undefined) return;
      const run = this.#run(job).finally(() => {
        this.#ended.delete(run);
        this.#start();
      });
      this.#ended.add(run);
    }
  }

  #takeNext(): Job | undefined {
    const isFree = ({ vote }: Job): boolean => this.#runningFor(vote.builder) < RUNNING_PER_BUILDER;
    let at = this.#waiting.findIndex((job) => job.hasWeight && isFree(job));
    const mayRunWeightless = this.#weightlessRunning < Math.ceil(this.#limits.concurrent / 2);
    if (at < 0 && mayRunWeightless) at = this.#waiting.findIndex((job) => !job.hasWeight && isFree(job));
    return at < 0 ? undefined : this.#waiting.splice(at, 1)[0];
  }

  async #run(job: Job): Promise<void> {
    const { builder } = job.vote;
    this.#running.set(builder, this.#runningFor(builder) + 1);
    if (!job.hasWeight) this.#weightlessRunning += 1;
    try {
      const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(this.#limits.timeoutMs)]);
      await this.#audit(job.vote, job.endpoint, signal);
      this.#forget(job);
    } catch (error) {
      this.#retry(job, error);
    } finally {
      if (!job.hasWeight) this.#weightlessRunning -= 1;
      const left = this.#runningFor(builder) - 1;
      if (left === 0) this.#running.delete(builder);
      else this.#running.set(builder, left);
    }
  }

  #retry(job: Job, error: unknown): void {
    const pauseMs = this.#limits.retriesMs[job.tries];
    job.tries += 1;
    const { release, builder } = job.vote;
    this.#logger.info({ release, builder, tries: job.tries, reason: String(error) }, 'audit failed');
    if (pauseMs === undefined || this.#closing.signal.aborted) {
      this.#forget(job);
      return;
    }
    const pause = setTimeout(() => {
      this.#pauses.delete(pause);
      this.#waiting.push(job);
      this.#start();
    }, pauseMs);
    this.#pauses.add(pause);
  }

  #forget(job: Job): void {
    this.#jobs.delete(job.name);
    if (!job.hasWeight) this.#weightless -= 1;
  }

  #runningFor(builder: string): number {
    return this.#running.get(builder) ?? 0;
  }
}
