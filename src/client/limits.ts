/** Bounds of everything a client takes from a tally. Sizes in bytes. */
export const CLIENT_LIMITS = {
  checkpointBytes: 512 * 1024,
  /** 256 entries of at most 4,096 bytes, each with its length and time. */
  bundleBytes: 256 * (4096 + 10),
  blobBytes: 1024 * 1024,
  jsonBytes: 4 * 1024 * 1024,
  problemBytes: 64 * 1024,
  /** One line of an event stream. */
  eventLineBytes: 64 * 1024,
  /** Entries of a log that is read whole. */
  entries: 5_000_000,
  /** Bundles asked for at one time. */
  parallelBundles: 4,
  requestSeconds: 20,
  /** Without a byte for so long an event stream is taken for dead; a tally sends one every 10 s. */
  eventSilenceSeconds: 35,
} as const;
