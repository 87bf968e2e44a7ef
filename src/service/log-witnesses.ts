import { existsSync } from 'node:fs';
import type { Logger } from 'pino';
import type { LogOptions } from '../log/index.ts';
import type { TlogPolicy } from '../note/index.ts';
import { WitnessCircle } from '../witness/index.ts';

/** A witness that is down is asked again and again, and told of so often. */
const TELL_EVERY_MS = 60_000;

interface WitnessedLog {
  readonly witnesses: TlogPolicy;
  /** The log's verifier key. */
  readonly logVkey: string;
  /** The file of the last signed head. */
  readonly headFile: string;
  /** The log's clock. */
  readonly nowMs: () => number;
  readonly logger: Logger;
}

/**
 * How a log asks its witnesses: before each checkpoint is published, and at the start for the newest one they know.
 * Without its head file a log starts only when so many answer that none of the others can know a newer one; with it,
 * witnesses that are down delay no start, since nothing is published without their quorum.
 */
export function witnessedBy({
  witnesses,
  logVkey,
  headFile,
  nowMs,
  logger,
}: WitnessedLog): Pick<LogOptions, 'cosign' | 'newestHeads'> {
  const told = new Map<string, number>();
  const circle = new WitnessCircle(witnesses, {
    logVkey,
    nowMs,
    onFault: (error, url) => {
      const atMs = performance.now();
      if (atMs - (told.get(url) ?? -Infinity) < TELL_EVERY_MS) return;
      told.set(url, atMs);
      const reason = error instanceof Error ? error.message : String(error);
      logger.warn({ url, reason }, 'a witness did not cosign');
    },
  });
  return {
    cosign: (head, prove, signal) => circle.cosign(head, prove, signal),
    newestHeads: () => circle.newestHeads(new AbortController().signal, !existsSync(headFile)),
  };
}
