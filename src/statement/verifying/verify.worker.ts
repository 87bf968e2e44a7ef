import { flushCompileCache } from 'node:module';
import { parentPort } from 'node:worker_threads';
import { doVerifyJob, type VerifyJob } from './verify-job.ts';

/** The verifying thread: one job after the other, each answered with its outcomes. */
parentPort?.on('message', (job: VerifyJob) => parentPort?.postMessage(doVerifyJob(job)));

// The thread is ended by force, which would lose what it compiled where the user has set a compile cache.
flushCompileCache();
