import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { InternalError } from '../../bytes/index.ts';
import { StatementError } from '../errors.ts';
import { ENVELOPE_LIMITS } from '../limits.ts';
import { AnsweredEnvelope } from './answered-envelope.ts';
import type { VerifiedEnvelope } from './verified-envelope.ts';
import { makeVerifyJob, type VerifyOutcome } from './verify-job.ts';

export interface VerifyPoolOptions {
  /** Threads; as many as there are processors unless told, from 2 to 8. Each starts when there is work for it. */
  readonly threads?: number;
  /** Envelopes that may wait, or be with a thread, at one time: 8,192 unless told. */
  readonly waiting?: number;
}

interface Waiting {
  readonly envelope: Uint8Array;
  readonly resolve: (verified: VerifiedEnvelope) => void;
  readonly reject: (error: unknown) => void;
}

interface Thread {
  readonly worker: Worker;
  /** What it has been sent, job by job, in the order of its answers. */
  readonly jobs: Waiting[][];
}

const LEAST_THREADS = 2;
const MOST_THREADS = 8;
const MOST_WAITING = 8192;
/** Envelopes of one job: enough that messages cost little, few enough that all threads end at about the same time. */
const JOB_ENVELOPES = 8;
/** Memory for what lives only as long as an envelope is read: with little of it, threads clear up more than they read. */
const YOUNG_MIB = 64;
/** Jobs that a thread has before it at once: the next is there when one is done. */
const JOBS_AHEAD = 2;

/**
 * Threads that read envelopes and verify their signatures, so that the thread which logs and serves is not kept
 * by either. Each keeps the keys it has met as key objects. The threads hold no process open.
 *
 * @example
 * const pool = new VerifyPool();
 * const { statement, signers, refused } = await pool.verify(envelope);
 * await pool.close();
 */
export class VerifyPool {
  readonly #size: number;
  readonly #most: number;
  readonly #threads: Thread[] = [];
  /** Not sent yet, oldest first. */
  #line: Waiting[] = [];
  /** In the line or with a thread. */
  #pending = 0;
  #isPlanned = false;
  #closed = false;

  constructor({ threads, waiting = MOST_WAITING }: VerifyPoolOptions = {}) {
    this.#size = threads ?? Math.min(MOST_THREADS, Math.max(LEAST_THREADS, availableParallelism()));
    this.#most = waiting;
  }

  /**
   * What `verifiedEnvelope` answers, by another thread. Rejects with its `StatementError`, with `busy` when too many
   * wait, and with `closed`.
   *
   * @param envelope must not be changed until then
   */
  verify(envelope: Uint8Array): Promise<VerifiedEnvelope> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw closedError();
      if (envelope.length > ENVELOPE_LIMITS.envelopeBytes) throw tooLarge(envelope.length);
      if (this.#pending >= this.#most) {
        throw new StatementError('busy', `${this.#pending} envelopes wait to be verified: send it again`);
      }
      this.#pending += 1;
      this.#line.push({ envelope, resolve, reject });
      this.#plan();
    });
  }

  /** Ends the threads. What they had before them is rejected with `closed`. */
  async close(): Promise<void> {
    this.#closed = true;
    const waiting = [...this.#threads.flatMap(({ jobs }) => jobs.flat()), ...this.#line];
    this.#line = [];
    this.#pending = 0;
    for (const { reject } of waiting) reject(closedError());
    await Promise.all(this.#threads.splice(0).map(({ worker }) => worker.terminate()));
  }

  /** Whatever comes in the same turn goes along: of many small messages each costs as much as a large one. */
  #plan(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    setImmediate(() => {
      this.#isPlanned = false;
      this.#send();
    });
  }

  /** Gives the threads work, the least busy one first, and shares out what little there is. */
  #send(): void {
    while (this.#line.length > 0 && !this.#closed) {
      const thread = this.#pick();
      if (thread === undefined) return;
      const share = Math.ceil(this.#line.length / this.#size);
      const waiting = this.#line.splice(0, Math.min(share, JOB_ENVELOPES));
      const job = makeVerifyJob(waiting.map(({ envelope }) => envelope));
      if (thread.jobs.length === 0) thread.worker.ref();
      thread.jobs.push(waiting);
      thread.worker.postMessage(job, [job.bytes.buffer]);
    }
  }

  #pick(): Thread | undefined {
    const least = this.#threads.reduce<Thread | undefined>(
      (best, thread) => (best === undefined || thread.jobs.length < best.jobs.length ? thread : best),
      undefined,
    );
    if (least?.jobs.length === 0) return least;
    if (this.#threads.length < this.#size) return this.#start();
    return least !== undefined && least.jobs.length < JOBS_AHEAD ? least : undefined;
  }

  #start(): Thread {
    const worker = new Worker(new URL('./verify.worker.ts', import.meta.url), {
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
    });
    const thread: Thread = { worker, jobs: [] };
    worker.on('message', (outcomes: readonly VerifyOutcome[]) => this.#answer(thread, outcomes));
    worker.on('error', (error) => this.#lose(thread, error));
    this.#threads.push(thread);
    return thread;
  }

  #answer(thread: Thread, outcomes: readonly VerifyOutcome[]): void {
    const waiting = thread.jobs.shift() ?? [];
    this.#pending -= waiting.length;
    if (thread.jobs.length === 0) thread.worker.unref();
    this.#send();
    for (const [at, { resolve, reject }] of waiting.entries()) {
      const outcome = outcomes[at] as VerifyOutcome;
      if ('length' in outcome) resolve(new AnsweredEnvelope(...outcome));
      else if ('refused' in outcome) reject(new StatementError(outcome.refused, outcome.message));
      else reject(new InternalError(`an envelope could not be verified: ${outcome.fault}`));
    }
  }

  /** A thread that died takes its jobs with it; what waits goes to another one. */
  #lose(thread: Thread, error: Error): void {
    this.#threads.splice(this.#threads.indexOf(thread), 1);
    for (const { reject } of thread.jobs.flat()) {
      this.#pending -= 1;
      reject(new InternalError(`a verifying thread ended: ${error.message}`, { cause: error }));
    }
    this.#send();
  }
}

function tooLarge(bytes: number): StatementError {
  return new StatementError(
    'too-large',
    `an envelope of ${bytes} bytes exceeds ${ENVELOPE_LIMITS.envelopeBytes}`,
  );
}

function closedError(): StatementError {
  return new StatementError('closed', 'the verifying threads were ended');
}
