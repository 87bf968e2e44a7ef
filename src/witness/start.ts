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
  const heads = await HeadStore.open(join(options.dataFolder, 'witness.sqlite'));
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
    return {
      url,
      vkeys: options.cosigners.map(({ vkey }) => vkey),
      close: async () => {
        await server.close();
        heads.close();
      },
    };
  } catch (error) {
    heads.close();
    throw error;
  }
}
