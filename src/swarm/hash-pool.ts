import { Worker } from 'node:worker_threads';
import { SwarmError } from './error.ts';
import type { HashJob, HashOutcome } from './hash-job.ts';

interface Thread {
  readonly worker: Worker;
  busy: number;
}

interface Waiting {
  readonly thread: Thread;
  readonly resolve: (outcome: HashOutcome) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Threads that hash and write. They start with the first job. How many jobs wait is bounded by those who give them:
 * one for each piece in memory, and one leaf job a peer.
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

  /** Does a job in the least busy thread. Rejects with `closed` when the pool is closed before it is done. */
  run(job: HashJob): Promise<HashOutcome> {
    if (this.#closed) return Promise.reject(closedError());
    const thread = this.#pick();
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { thread, resolve, reject });
      thread.busy += 1;
      thread.worker.postMessage({ id, job });
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
    const worker = new Worker(new URL('./hash.worker.ts', import.meta.url));
    const thread = { worker, busy: 0 };
    worker.on('message', ({ id, outcome }: { id: number; outcome: HashOutcome }) => {
      thread.busy -= 1;
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      waiting?.resolve(outcome);
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

function closedError(): SwarmError {
  return new SwarmError('closed', 'the engine was closed while a piece was being hashed');
}
