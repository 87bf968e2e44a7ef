import { randomFillSync } from 'node:crypto';
import { resolve } from 'node:path';
import { type Logger, pino } from 'pino';
import { checkStoredLog, type Log, openHeadFile, openLog } from '../log/index.ts';
import type { TlogPolicy } from '../note/index.ts';
import { type PrivateKey, readKeyFile } from '../statement/index.ts';
import type { Store } from '../store/index.ts';
import { identityFrom, probeFrom } from './audit/probe.ts';
import { backupTally } from './backup.ts';
import { type Clock, SYSTEM_CLOCK } from './clock.ts';
import { Core } from './core.ts';
import { dataPaths, openTallyStore } from './data-folder.ts';
import { Failure } from './failure.ts';
import { type Served, serve } from './http/serve.ts';
import type { Listen } from './http/server.ts';
import { SERVICE_LIMITS, type ServiceLimits } from './limits.ts';
import { witnessedBy } from './log-witnesses.ts';
import { seededRandom } from './random.ts';
import { StateSignatures } from './state-signatures.ts';
import { Vouchers } from './vouchers.ts';

/** A tally that has not published all that it signed waits so long for its witnesses before it serves. */
const CATCH_UP_MS = 5000;

export interface StartOptions {
  /** What `initTally` made. */
  readonly dataFolder: string;
  /** Loopback unless told otherwise; port 0 lets the system choose. */
  readonly listen?: Partial<Listen>;
  /** How others reach this tally; magnet links and builders' announce URLs begin with it. */
  readonly publicUrl?: string;
  /** Addresses of proxies whose rightmost `X-Forwarded-For` hop is believed. None unless told. */
  readonly trustedProxies?: readonly string[];
  /** Address from which seeders are audited. */
  readonly auditAddress?: string;
  /** The witnesses that cosign each checkpoint before it is published, and how many have to (C2SP tlog-policy). */
  readonly witnesses?: TlogPolicy;
  readonly clock?: Clock;
  /** Silent unless told. */
  readonly logger?: Logger;
  /** Ends the service as {@link RunningTally.close} does. */
  readonly signal?: AbortSignal;
  readonly limits?: Partial<ServiceLimits>;
  /** Folder of the built dashboard; the one of this checkout unless told. */
  readonly dashboardFolder?: string;
}

/** A tally that runs. */
export interface RunningTally {
  /** Where it listens: `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly publicUrl: string;
  readonly origin: string;
  /** The log's verifier key. */
  readonly logKey: string;
  /** Resolves when it has ended; rejects when it had to end, because its log or store failed. */
  readonly ended: Promise<void>;
  /** Writes a backup into a new folder while it runs: {@link backupTally}. */
  backup(destination: string): Promise<void>;
  /** Takes no more requests, finishes what is on its way, and closes log and store. */
  close(): Promise<void>;
}

/**
 * Runs the tally of a data folder: reads its log from the first entry on, counts it, writes what it owes, and
 * serves HTTP. Throws `data-missing`, `bad-address`, `StoreError` `in-use`, and why the log refuses to go on.
 *
 * @example
 * const tally = await startTally({ dataFolder: 'data', listen: { port: 8080 } });
 * console.error(tally.url, tally.logKey);
 */
export async function startTally(options: StartOptions): Promise<RunningTally> {
  const logger = options.logger ?? pino({ enabled: false });
  const failure = new Failure(logger);
  const clock = options.clock ?? SYSTEM_CLOCK;
  const data = await openData(resolve(options.dataFolder), {
    clock,
    failure,
    logger,
    witnesses: options.witnesses,
  });
  const core = new Core({
    ...data,
    clock,
    logger,
    failure,
    limits: { ...SERVICE_LIMITS, ...options.limits },
    random: seededRandom(randomFillSync(new Uint32Array(4))),
    probe: probeFrom(options.auditAddress),
    askIdentity: identityFrom(data.signer, options.auditAddress),
  });
  try {
    const caughtUp = catchUp(data.log, options.signal);
    await core.open();
    await caughtUp;
    const served = await serve(core, {
      listen: { host: options.listen?.host ?? '127.0.0.1', port: options.listen?.port ?? 0 },
      publicUrl: options.publicUrl,
      trustedProxies: options.trustedProxies ?? [],
      dashboardFolder: options.dashboardFolder,
    });
    const { dataFolder, signal } = options;
    return running({ core, data, dataFolder, served, failure, signal });
  } catch (error) {
    await core.close();
    await closeData(data);
    throw error;
  }
}

interface Running {
  readonly core: Core;
  readonly data: Data;
  readonly dataFolder: string;
  readonly served: Served;
  readonly failure: Failure;
  readonly signal: AbortSignal | undefined;
}

function running({ core, data, dataFolder, served, failure, signal }: Running): RunningTally {
  const { promise: ended, resolve: end, reject } = Promise.withResolvers<void>();
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    if (closing === undefined) {
      closing = closeAll(core, data, served);
      closing.then(end, reject);
    }
    return closing;
  };
  // What goes wrong while closing is told by `ended`, as is what made it close.
  const stop = (): void => {
    close().catch(() => undefined);
  };
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) stop();
  void failure.happened.then((error) => {
    reject(error);
    stop();
  });
  ended.catch(() => undefined); // whoever awaits it hears of it; nobody has to
  const { url, publicUrl } = served;
  const { name: origin, vkey: logKey } = data.signer;
  const backup = (destination: string): Promise<void> => backupTally(dataFolder, data.store, destination);
  return { url, publicUrl, origin, logKey, ended, backup, close };
}

async function closeAll(core: Core, data: Data, { server }: Served): Promise<void> {
  core.hub.close();
  await server.close();
  await core.close();
  await closeData(data);
}

interface Data {
  readonly signer: PrivateKey;
  readonly states: StateSignatures;
  readonly vouchers: Vouchers;
  readonly store: Store;
  readonly log: Log;
}

interface DataParts {
  readonly clock: Clock;
  readonly failure: Failure;
  readonly logger: Logger;
  readonly witnesses: TlogPolicy | undefined;
}

async function openData(folder: string, { clock, failure, logger, witnesses }: DataParts): Promise<Data> {
  const paths = dataPaths(folder);
  const store = await openTallyStore(folder, { onFailure: (error) => failure.report(error) });
  try {
    const signer = await readKeyFile(paths.key);
    await checkStoredLog(store);
    const states = await StateSignatures.open(paths.states);
    const vouchers = await Vouchers.open(paths.vouchers);
    const log = await openLog({
      store,
      signer,
      head: openHeadFile(paths.head),
      clock: () => clock.nowMs(),
      onFault: (error) => failure.report(error),
      ...(witnesses !== undefined &&
        witnessedBy({
          witnesses,
          logVkey: signer.vkey,
          headFile: paths.head,
          nowMs: () => clock.nowMs(),
          logger,
        })),
    });
    return { signer, store, log, states, vouchers };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/**
 * Waits a moment for the checkpoint of what was logged before. The one in the store may be older than what others have
 * seen, when a backup was put back: to show it would look like a log that shrank.
 */
async function catchUp(log: Log, signal?: AbortSignal): Promise<void> {
  const late = AbortSignal.timeout(CATCH_UP_MS);
  try {
    await log.whenPublished(log.size, signal === undefined ? late : AbortSignal.any([late, signal]));
  } catch (error) {
    if (!late.aborted && signal?.aborted !== true) throw error; // witnesses that are down keep no tally from serving
  }
}

async function closeData({ log, store }: Data): Promise<void> {
  try {
    await log.close();
  } finally {
    await store.close();
  }
}
