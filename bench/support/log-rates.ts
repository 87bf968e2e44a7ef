import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { formatEntryBundle, type Log, openHeadFile, openLog } from '../../src/log/index.ts';
import { initTally, startTally } from '../../src/service/index.ts';
import { SERVICE_LIMITS } from '../../src/service/limits.ts';
import { generateKey, VerifyPool, verifyInOrder } from '../../src/statement/index.ts';
import { openSqliteStore } from '../../src/store/index.ts';

const ORIGIN = 'bench.invalid/log';
const WRITERS = 64;
/** Envelopes that the threads verify beforehand, so that they have started and their code is compiled. */
const WARM_UP = 20_000;

/** Ed25519 verifications a second of all processors together, with nothing else to do. */
export async function bareRate(seconds: number, messageBytes: number): Promise<number> {
  const workers = Array.from(
    { length: availableParallelism() },
    () =>
      new Worker(new URL('./verify-bare.worker.ts', import.meta.url), {
        workerData: { seconds, messageBytes },
      }),
  );
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const rates = workers.map((worker) => once(worker, 'message'));
  for (const worker of workers) worker.postMessage('go');
  const each = (await Promise.all(rates)).map(([rate]) => rate as number);
  await Promise.all(workers.map((worker) => worker.terminate()));
  return each.reduce((sum, rate) => sum + rate, 0);
}

/**
 * Entries a second that are verified, durable and acknowledged in one process with 64 writers, of which each waits for its
 * acknowledgement before it goes on. `batchEntries` 1: a transaction for each entry.
 */
export async function inProcessRate(
  folder: string,
  envelopes: readonly Uint8Array[],
  batchEntries: number,
): Promise<number> {
  const store = await openSqliteStore({ path: join(folder, 'log.sqlite') });
  const head = openHeadFile(join(folder, 'head'));
  const log = await openLog({ store, signer: generateKey(ORIGIN), head, limits: { batchEntries } });
  const pool = new VerifyPool();
  for await (const _ of verifyInOrder(envelopes.slice(0, WARM_UP), (each) => pool.verify(each)));
  const from = performance.now();
  await appendAll(log, pool, envelopes);
  const rate = (envelopes.length / (performance.now() - from)) * 1000;
  await pool.close();
  await log.close();
  await store.close();
  return rate;
}

async function appendAll(log: Log, pool: VerifyPool, envelopes: readonly Uint8Array[]): Promise<void> {
  let next = 0;
  const write = async (): Promise<void> => {
    for (let each = envelopes[next++]; each !== undefined; each = envelopes[next++]) {
      const arrived = log.expect();
      const { signers, payloadDigest } = await pool.verify(each).finally(arrived);
      const [signerKey] = signers;
      if (signerKey === undefined) throw new Error('an entry was not signed');
      await log.append(each, { signerKey, payloadDigest });
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, write));
}

/** The same over HTTP by a whole tally, which admits and counts each entry too; the writers are another process. */
export async function httpRate(folder: string, make: (origin: string) => Uint8Array[]): Promise<number> {
  const founder = generateKey('founder');
  const dataFolder = join(folder, 'data');
  await initTally({ dataFolder, policyToml: policyToml(founder.key), founders: [founder], origin: ORIGIN });
  const most = Number.MAX_SAFE_INTEGER;
  const tally = await startTally({
    dataFolder,
    limits: {
      ...SERVICE_LIMITS,
      days: {
        entriesPerStanding: most,
        entriesPerKey: most,
        entriesPerPrefix: most,
        newBuildersPerPrefix: most,
        entriesInAll: most,
      },
      rates: {
        ...SERVICE_LIMITS.rates,
        entry: { burst: most, perSecond: 1 },
        read: { burst: most, perSecond: 1 },
      },
    },
  });
  try {
    const envelopes = make(ORIGIN);
    const file = join(folder, 'entries');
    writeFileSync(file, formatEntryBundle(envelopes));
    const client = fileURLToPath(new URL('./log-client.process.ts', import.meta.url));
    const program = [client, tally.url, String(WRITERS), file, String(envelopes.length)];
    const { stdout } = await promisify(execFile)(process.execPath, program);
    return Number(stdout);
  } finally {
    await tally.close();
  }
}

function policyToml(founder: string): string {
  return `
name = "bench"
demo = true
founders = ["${founder}"]
foundersQuorum = 1
panelSeats = 15
minimumVotes = 1
panelMargin = [2, 3]
foundersMargin = [2, 3]
heartbeatSeconds = 600
[windows]
commitFloorSeconds = 60
voteFloorSeconds = 60
[[publishers]]
prefix = "pkg:npm/%40noble/"
keys = ["${founder}"]
`;
}
