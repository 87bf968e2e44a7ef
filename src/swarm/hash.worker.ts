import { parentPort } from 'node:worker_threads';
import type { HashJob } from './hash-job.ts';
import { doHashJob } from './hash-work.ts';

/** The hashing thread: one job after the other, each answered under its number. */
parentPort?.on('message', ({ id, job }: { id: number; job: HashJob }) => {
  parentPort?.postMessage({ id, outcome: doHashJob(job) });
});
