/** Bounds of a running log. Sizes are of envelopes. */
export interface LogLimits {
  /** Bytes of one envelope. */
  readonly envelopeBytes: number;
  /** Entries, and bytes, that one transaction takes. */
  readonly batchEntries: number;
  readonly batchBytes: number;
  /** Entries, and bytes, that may wait for a transaction; beyond them an append is refused as `busy`. */
  readonly waitingEntries: number;
  readonly waitingBytes: number;
}

export const LOG_LIMITS: LogLimits = {
  envelopeBytes: 4096,
  batchEntries: 512,
  batchBytes: 1024 * 1024,
  waitingEntries: 8192,
  waitingBytes: 16 * 1024 * 1024,
};
