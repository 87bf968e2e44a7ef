import { flushCompileCache } from 'node:module';
import { constants, setPriority } from 'node:os';
import { platform } from 'node:process';
import { parentPort } from 'node:worker_threads';
import { doVerifyJob, type VerifyJob } from './verify-job.ts';

/** A tenth of what the others get (nice 10) where there is too little for all. */
const LATER = constants.priority.PRIORITY_BELOW_NORMAL;

// The thread that logs and serves goes first: each of its answers sets others to work. On Linux this is about the calling
// thread alone, elsewhere about the whole process.
if (platform === 'linux') setPriority(0, LATER);

/** The verifying thread: one job after the other, each answered with its outcomes. */
parentPort?.on('message', (job: VerifyJob) => parentPort?.postMessage(doVerifyJob(job)));

// The thread is ended by force, which would lose what it compiled where the user has set a compile cache.
flushCompileCache();
