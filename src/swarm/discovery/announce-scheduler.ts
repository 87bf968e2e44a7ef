import { DueHeap } from './due-heap.ts';

/** Something that announces now and then. */
export interface AnnounceJob {
  /** The host that is asked next: each has a queue of its own. */
  readonly host: string;
  /** Announces once. Resolves with the milliseconds until it wants to again, or `undefined` when it never does. Never rejects. */
  run(): Promise<number | undefined>;
}

export interface AnnounceLimits {
  /** Announces under way at once, and to one host. */
  readonly atOnce: number;
  readonly atOncePerHost: number;
  /** First announces of seeders are spread over so many milliseconds for each that is planned already. */
  readonly spreadMs: number;
}

export const ANNOUNCE_LIMITS: AnnounceLimits = { atOnce: 32, atOncePerHost: 8, spreadMs: 2 };

/** So many planned announces keep connections. */
const MANY = 50;
/** Re-announces come up to this part of their interval later, so that what began together does not stay together. */
const JITTER = 0.1;

/**
 * When which swarm announces, for all swarms of an engine: one timer, a heap of what is planned, and a queue for each
 * tracker's host, so that thousands of swarms open a bounded number of sockets.
 */
export class AnnounceScheduler {
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #limits: AnnounceLimits;
  readonly #planned = new DueHeap<AnnounceJob>();
  /** Jobs whose time has come, by host, in order. */
  readonly #ready = new Map<string, Set<AnnounceJob>>();
  readonly #running = new Map<AnnounceJob, { readonly done: Promise<void>; isAskedAgain: boolean }>();
  readonly #runningOfHost = new Map<string, number>();
  #waiting = 0;
  #timer: NodeJS.Timeout | undefined;
  #timerMs = Number.POSITIVE_INFINITY;

  constructor(parts: { now: () => number; random: () => number }, limits = ANNOUNCE_LIMITS) {
    this.#now = parts.now;
    this.#random = parts.random;
    this.#limits = limits;
  }

  /** Begins with a job; at once when it is urgent, else soon. */
  add(job: AnnounceJob, isUrgent: boolean): void {
    const spreadMs = isUrgent ? 0 : this.#planned.size * this.#limits.spreadMs;
    if (spreadMs === 0) this.soon(job);
    else this.#plan(job, this.#random() * spreadMs);
  }

  /** Runs a job as soon as there is room; once more when it runs already. */
  soon(job: AnnounceJob): void {
    const running = this.#running.get(job);
    if (running) {
      running.isAskedAgain = true;
      return;
    }
    this.#unplan(job);
    const { host } = job;
    const queue = this.#ready.get(host) ?? new Set();
    if (!queue.has(job)) this.#waiting += 1;
    this.#ready.set(host, queue.add(job));
    this.#start();
  }

  /** How many jobs wait for room. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Whether a host probably has more to hear soon: then its connections are kept. */
  isBusy(host: string): boolean {
    return this.#ready.has(host) || this.#planned.size > MANY;
  }

  /** Forgets a job. Resolves when it does not run any more. */
  async remove(job: AnnounceJob): Promise<void> {
    this.#unplan(job);
    for (const [host, queue] of this.#ready) {
      if (queue.delete(job)) this.#waiting -= 1;
      if (queue.size === 0) this.#ready.delete(host);
    }
    const running = this.#running.get(job);
    if (!running) return;
    running.isAskedAgain = false;
    await running.done;
    this.#unplan(job);
  }

  #plan(job: AnnounceJob, delayMs: number): void {
    this.#planned.set(job, this.#now() + delayMs);
    this.#setTimer();
  }

  #unplan(job: AnnounceJob): void {
    this.#planned.remove(job);
    this.#setTimer();
  }

  #setTimer(): void {
    const next = this.#planned.nextDueMs;
    if (next === this.#timerMs) return;
    clearTimeout(this.#timer);
    this.#timerMs = next;
    this.#timer =
      next === Number.POSITIVE_INFINITY
        ? undefined
        : setTimeout(() => this.#wake(), Math.min(2 ** 31 - 1, Math.max(1, next - this.#now())));
  }

  #wake(): void {
    this.#timerMs = Number.POSITIVE_INFINITY;
    for (let job = this.#planned.take(this.#now()); job; job = this.#planned.take(this.#now()))
      this.soon(job);
    this.#setTimer();
  }

  /** Starts what there is room for, host by host in turns. */
  #start(): void {
    for (const [host, queue] of this.#ready) {
      if (this.#running.size >= this.#limits.atOnce) return;
      const [job] = queue;
      if (!job || (this.#runningOfHost.get(host) ?? 0) >= this.#limits.atOncePerHost) continue;
      queue.delete(job);
      this.#waiting -= 1;
      this.#ready.delete(host);
      if (queue.size > 0) this.#ready.set(host, queue); // behind the others
      this.#run(job, host);
    }
  }

  #run(job: AnnounceJob, host: string): void {
    this.#runningOfHost.set(host, (this.#runningOfHost.get(host) ?? 0) + 1);
    const ended = Promise.withResolvers<void>();
    const running = { done: ended.promise, isAskedAgain: false };
    this.#running.set(job, running);
    void job.run().then((delayMs) => {
      this.#running.delete(job);
      const left = (this.#runningOfHost.get(host) ?? 1) - 1;
      if (left === 0) this.#runningOfHost.delete(host);
      else this.#runningOfHost.set(host, left);
      if (running.isAskedAgain) this.soon(job);
      else if (delayMs !== undefined) this.#plan(job, delayMs * (1 + this.#random() * JITTER));
      ended.resolve();
      this.#start();
    });
  }
}
