/** Bounds of a monitor. */
export interface MonitorLimits {
  /** Entries of a log that is followed. */
  readonly entries: number;
  /** Bundles asked for at one time. */
  readonly parallelBundles: number;
  /** Alarms that are remembered; of those beyond only the first of each kind are told. */
  readonly alarms: number;
  /** Forks of them: the evidence of each holds the leaf hashes of both histories. */
  readonly forks: number;
  /** How long one round may fetch entries; what came is kept. */
  readonly roundMs: number;
  /** Checkpoints, seen elsewhere, that wait until the log has shown so many entries. */
  readonly pendingViews: number;
  /** Heartbeats of the policy that may be missed before a log counts as frozen. */
  readonly missedHeartbeats: number;
  /** How far the log's time may be ahead of the monitor's, in seconds. */
  readonly aheadSeconds: number;
  /** For how long a log may show less here than elsewhere, and owe an entry, in seconds. */
  readonly behindSeconds: number;
  /** A checkpoint seen elsewhere, in bytes, and how long one is waited for. */
  readonly checkpointBytes: number;
  readonly requestMs: number;
}

export const MONITOR_LIMITS: MonitorLimits = {
  entries: 20_000_000,
  parallelBundles: 4,
  alarms: 1024,
  forks: 16,
  roundMs: 600_000,
  pendingViews: 64,
  missedHeartbeats: 3,
  aheadSeconds: 600,
  behindSeconds: 600,
  checkpointBytes: 512 * 1024,
  requestMs: 20_000,
};
