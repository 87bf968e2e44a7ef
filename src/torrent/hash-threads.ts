import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { InternalError } from '../bytes/index.ts';
import type { HashProblem, WorkerReport } from './hash-files.worker.ts';
import { CONTROL, type HashPlan } from './hash-plan.ts';

const MAXIMUM_THREADS = 32;
/** A worker takes 50 ms to start: less work than this a thread is not shared out. */
const BYTES_PER_THREAD = 24 * 1024 * 1024;
const FILES_PER_THREAD = 1500;

/**
 * Threads that hash beside the one that made them. They start as soon as so much work is known that they are worth it,
 * which for many small files is while these are still being listed, and end with the work.
 */
export class HashThreads {
  readonly #most: number;
  readonly #workers: { readonly worker: Worker; readonly report: Promise<HashProblem | undefined> }[] = [];
  #plan: HashPlan | undefined;

  /** @param threads how many at most, the thread that makes them included */
  constructor(threads = availableParallelism()) {
    this.#most = Math.min(threads, MAXIMUM_THREADS);
  }

  /** So much work is there at least: starts those that it is worth. */
  foresee(totalBytes: number, files: number): void {
    const useful = Math.ceil(Math.max(totalBytes / BYTES_PER_THREAD, files / FILES_PER_THREAD));
    const wanted = Math.min(this.#most, useful) - 1;
    while (this.#workers.length < wanted) this.#start();
  }

  /** Gives all of them a share of the work. Resolves, for each, with the problem that ended it early. */
  share(plan: HashPlan): readonly Promise<HashProblem | undefined>[] {
    this.#plan = plan;
    for (const { worker } of this.#workers) worker.postMessage(plan);
    return this.#workers.map(({ report }) => report);
  }

  /** Ends those that were never given work; the others end by themselves, soon when the plan says stop. */
  close(): void {
    if (this.#plan === undefined) for (const { worker } of this.#workers) void worker.terminate();
  }

  #start(): void {
    const worker = new Worker(new URL('./hash-files.worker.ts', import.meta.url));
    const report = this.#reportOf(worker);
    report.catch(() => undefined); // whoever shares out work hears of it; nobody does when there was none
    this.#workers.push({ worker, report });
  }

  #reportOf(worker: Worker): Promise<HashProblem | undefined> {
    const stop = (): void => {
      if (this.#plan !== undefined) Atomics.store(this.#plan.control, CONTROL.stop, 1);
    };
    return new Promise((resolve, reject) => {
      let report: WorkerReport | undefined;
      worker.once('message', (message: WorkerReport) => {
        report = message;
        if (!message.done) stop();
      });
      worker.once('error', (cause) => {
        stop();
        reject(new InternalError('a hashing thread failed', { cause }));
      });
      worker.once('exit', () => {
        if (report) resolve(report.done ? undefined : report);
        else reject(new InternalError('a hashing thread ended without a report'));
      });
    });
  }
}
