/** Bounds of the web seeds of one download. */
export const WEB_SEED_LIMITS = {
  /** URLs that are used; further ones are passed over. */
  seeds: 20,
  /** Requests under way in all, and at one web seed. */
  requests: 8,
  requestsPerSeed: 2,
  /** Bytes that one request asks for, unless a piece is larger. */
  runBytes: 32 * 1024 * 1024,
  /** Failures in a row, and files in a row that are not there, after which a web seed is given up. */
  failures: 10,
  missingFiles: 64,
  /** The first pause after a failure, doubled with each further one up to the longest. */
  firstPauseMs: 1000,
  longestPauseMs: 120_000,
  /** Longest pause that a server may ask for (`Retry-After`). */
  longestRetryAfterMs: 600_000,
} as const;
