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
  endpoint: Endpoint;
  tries: number;
}

/** Probes that may run for one builder at a time, so that one that never answers delays itself only. */
const RUNNING_PER_BUILDER = 2;

/**
 * Audits that are due: one for each vote at a time, a few at once, tried again after pauses. Whoever fails every
 * try is taken up again at its next announce. When the queue is full, further audits wait for that as well.
 */
export class AuditQueue {
  readonly #limits: AuditLimits;
  readonly #audit: Audit;
  readonly #logger: Logger;
  /** Every job that waits, pauses or runs, by vote. */
  readonly #jobs = new Map<string, Job>();
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

  /** Asks for an audit. A vote whose audit is already due is tried where it was announced last. */
  offer(vote: Vote, endpoint: Endpoint): void {
    const name = `${vote.release} ${vote.builder} ${vote.infoHashV2}`;
    const due = this.#jobs.get(name);
    if (due !== undefined) {
      due.endpoint = endpoint;
      return;
    }
    if (this.#closing.signal.aborted || this.#jobs.size >= this.#limits.queued) return;
    const job: Job = { name, vote, endpoint, tries: 0 };
    this.#jobs.set(name, job);
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
      const at = this.#waiting.findIndex(({ vote }) => this.#runningFor(vote.builder) < RUNNING_PER_BUILDER);
      const [job] = at < 0 ? [] : this.#waiting.splice(at, 1);
      if (job === undefined) return;
      const run = this.#run(job).finally(() => {
        this.#ended.delete(run);
        this.#start();
      });
      this.#ended.add(run);
    }
  }

  async #run(job: Job): Promise<void> {
    const { builder } = job.vote;
    this.#running.set(builder, this.#runningFor(builder) + 1);
    try {
      const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(this.#limits.timeoutMs)]);
      await this.#audit(job.vote, job.endpoint, signal);
      this.#jobs.delete(job.name);
    } catch (error) {
      this.#retry(job, error);
    } finally {
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
      this.#jobs.delete(job.name);
      return;
    }
    const pause = setTimeout(() => {
      this.#pauses.delete(pause);
      this.#waiting.push(job);
      this.#start();
    }, pauseMs);
    this.#pauses.add(pause);
  }

  #runningFor(builder: string): number {
    return this.#running.get(builder) ?? 0;
  }
}
