import { join } from 'node:path';
import { type Logger, pino } from 'pino';
import type { Cosigner } from './cosigner.ts';
import { Door } from './door.ts';
import { WitnessError } from './errors.ts';
import { HeadStore } from './head-store.ts';
import { WitnessServer } from './http.ts';
import { knownLogs } from './known-logs.ts';
import { WITNESS_LIMITS, type WitnessLimits } from './limits.ts';
import { WitnessMetrics } from './metrics.ts';
import { Witness } from './witness.ts';

export interface WitnessOptions {
  /** Where the last cosigned heads are kept. Never put back an older copy of it. */
  readonly dataFolder: string;
  /** The witness's keys, of one name or several. */
  readonly cosigners: readonly Cosigner[];
  /** Verifier keys of the logs that are cosigned. */
  readonly logs: readonly string[];
  /** Loopback unless told otherwise; port 0 lets the system choose. */
  readonly listen?: { readonly host?: string; readonly port?: number };
  /** Milliseconds since 1970. */
  readonly nowMs?: () => number;
  readonly limits?: Partial<WitnessLimits>;
  /** Silent unless told. */
  readonly logger?: Logger;
}

export interface RunningWitness {
  /** Its submission and monitoring prefix: `http://127.0.0.1:8081`. */
  readonly url: string;
  readonly vkeys: readonly string[];
  /** Resolves when it has ended; rejects with `bad-state` when it had to end, because its file failed. */
  readonly ended: Promise<void>;
  /** Takes no more requests and closes what it keeps. */
  close(): Promise<void>;
}

/**
 * Runs a witness (C2SP tlog-witness). Throws `bad-config`, `in-use`, `bad-state`, `bad-address`.
 *
 * @example
 * const witness = await startWitness({ dataFolder: 'w', cosigners: [key], logs: [logVkey] });
 * console.error(witness.url, witness.vkeys);
 */
export async function startWitness(options: WitnessOptions): Promise<RunningWitness> {
  const limits = { ...WITNESS_LIMITS, ...options.limits };
  const logger = options.logger ?? pino({ enabled: false });
  const nowMs = options.nowMs ?? Date.now;
  if (options.cosigners.length === 0) throw new WitnessError('bad-config', 'a witness needs a key');
  const logs = knownLogs(options.logs);
  const metrics = new WitnessMetrics();
  const failed = Promise.withResolvers<WitnessError>();
  const heads = await HeadStore.open(join(options.dataFolder, 'witness.sqlite'), failed.resolve);
  try {
    const witness = new Witness({
      heads,
      logs,
      cosigners: options.cosigners,
      nowMs,
      forksPerLog: limits.forksPerLog,
      onFork: (origin, size) => {
        metrics.forked(origin);
        logger.error({ origin, size }, 'the log signed two different trees of one size; both are kept');
      },
    });
    const origins = [...logs.keys()];
    for (const origin of origins) metrics.cosigned(origin, heads.read(origin)?.size ?? 0);
    const server = new WitnessServer({
      witness,
      origins,
      door: new Door(limits),
      limits,
      metrics,
      logger,
      nowMs,
    });
    const { address, port } = await server.listen({ host: '127.0.0.1', port: 0, ...options.listen });
    const url = `http://${address.includes(':') ? `[${address}]` : address}:${port}`;
    logger.info({ url, origins }, 'listening');
    const vkeys = options.cosigners.map(({ vkey }) => vkey);
    return { url, vkeys, ...lifeOf(server, heads, failed.promise) };
  } catch (error) {
    heads.close();
    throw error;
  }
}

/** How a witness ends: when it is told to, or by itself when what it keeps cannot be believed any more. */
function lifeOf(
  server: WitnessServer,
  heads: HeadStore,
  failed: Promise<WitnessError>,
): Pick<RunningWitness, 'ended' | 'close'> {
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    if (closing === undefined) {
      closing = server.close().finally(() => heads.close());
      closing.then(resolve, reject);
    }
    return closing;
  };
  void failed.then((error) => {
    reject(error);
    close().catch(() => undefined); // what goes wrong while closing is less than what made it close
  });
  ended.catch(() => undefined); // whoever awaits it hears of it; nobody has to
  return { ended, close };
}
