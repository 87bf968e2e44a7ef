import { Worker } from 'node:worker_threads';
import { BLOCK_BYTES } from '../../merkle/index.ts';
import { SwarmError } from '../error.ts';
import type { HashJob, HashOutcome } from './hash-job.ts';

/** A job with the number that it is answered under. */
export interface NumberedJob {
  readonly id: number;
  readonly job: HashJob;
}

export interface NumberedOutcome {
  readonly id: number;
  readonly outcome: HashOutcome;
}

interface Thread {
  readonly worker: Worker;
  /** Jobs that are not done. */
  busy: number;
  /** Jobs that have not been sent. */
  readonly queue: NumberedJob[];
  /** Messages that have not been answered. */
  messages: number;
}

interface Waiting {
  readonly thread: Thread;
  readonly resolve: (outcome: HashOutcome) => void;
  readonly reject: (error: Error) => void;
}

/** Messages that a thread has before it at once: the next is there when one is done. It is sent ahead only once it is full. */
const MESSAGES_AHEAD = 2;
/** A message brings jobs up to so many bytes, so that small pieces do not cost a message each, nor large ones wait. */
const MESSAGE_BYTES = 1024 * 1024;

/** Little is left behind by a job: a larger young generation would only spread it over more memory. */
const YOUNG_GENERATION_MB = 2;

/**
 * Threads that hash and write. They start with the first job, or when one is to be expected. How many jobs wait is
 * bounded by those who give them: one for each piece in memory, and one leaf job a peer.
 */
export class HashPool {
  readonly #size: number;
  readonly #threads: Thread[] = [];
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;
  #closed = false;

  constructor(threads: number) {
    this.#size = threads;
  }

  /** Starts threads before there are jobs: it takes longer than the first pieces to come. */
  prepare(): void {
    while (!this.#closed && this.#threads.length < this.#size) this.#start();
  }

  /** Does a job in the least busy thread. Rejects with `closed` when the pool is closed before it is done. */
  run(job: HashJob): Promise<HashOutcome> {
    if (this.#closed) return Promise.reject(closedError());
    const thread = this.#pick();
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { thread, resolve, reject });
      thread.busy += 1;
      thread.queue.push({ id, job });
      // What comes in the same turn goes along.
      if (thread.queue.length === 1) queueMicrotask(() => sendJobs(thread));
    });
  }

  /** Lets the jobs under way finish, so that no file is written after it was closed, then ends the threads. */
  async close(): Promise<void> {
    this.#closed = true;
    while (this.#waiting.size > 0) {
      await new Promise((resolve) => {
        setTimeout(resolve, 5);
      });
    }
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  #pick(): Thread {
    const idle = this.#threads.find(({ busy }) => busy === 0);
    if (idle) return idle;
    if (this.#threads.length < this.#size) return this.#start();
    return this.#threads.reduce((least, thread) => (thread.busy < least.busy ? thread : least));
  }

  #start(): Thread {
    const worker = new Worker(new URL('./hash.worker.ts', import.meta.url), {
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    const thread: Thread = { worker, busy: 0, queue: [], messages: 0 };
    worker.on('message', (outcomes: readonly NumberedOutcome[]) => {
      thread.messages -= 1;
      sendJobs(thread);
      for (const { id, outcome } of outcomes) {
        thread.busy -= 1;
        const waiting = this.#waiting.get(id);
        this.#waiting.delete(id);
        waiting?.resolve(outcome);
      }
    });
    worker.on('error', (error) => this.#lose(thread, error));
    this.#threads.push(thread);
    return thread;
  }

  /** A thread that died takes its jobs with it; the next job starts a new one. */
  #lose(thread: Thread, error: Error): void {
    this.#threads.splice(this.#threads.indexOf(thread), 1);
    for (const [id, waiting] of this.#waiting) {
      if (waiting.thread !== thread) continue;
      this.#waiting.delete(id);
      waiting.reject(error);
    }
  }
}

function sendJobs(thread: Thread): void {
  const { queue } = thread;
  while (queue.length > 0 && thread.messages < MESSAGES_AHEAD) {
    let count = 0;
    let bytes = 0;
    for (; count < queue.length && bytes < MESSAGE_BYTES; count += 1) {
      bytes += sizeOf((queue[count] as NumberedJob).job);
    }
    if (thread.messages > 0 && bytes < MESSAGE_BYTES) return; // waking the thread costs more than waiting for it
    thread.messages += 1;
    thread.worker.postMessage(queue.splice(0, count));
  }
}

function sizeOf(job: HashJob): number {
  if (job.kind === 'blocks') return job.blocks.length * BLOCK_BYTES;
  return job.kind === 'piece' ? job.data.length : job.length;
}

function closedError(): SwarmError {
  return new SwarmError('closed', 'the engine was closed while a piece was being hashed');
}
