import { flushCompileCache } from 'node:module';
import { parentPort } from 'node:worker_threads';
import type { NumberedJob } from './hash-pool.ts';
import { doHashJob } from './hash-work.ts';

/** The hashing thread: one message with jobs after the other, each answered by one with their outcomes. */
parentPort?.on('message', (jobs: readonly NumberedJob[]) => {
  parentPort?.postMessage(jobs.map(({ id, job }) => ({ id, outcome: doHashJob(job) })));
});

// The thread is ended by force, which would lose what it compiled where the user has set a compile cache.
flushCompileCache();
