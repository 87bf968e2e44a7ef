/** Bounds of a witness. Sizes in bytes, times in milliseconds. */
export interface WitnessLimits {
  /** Body of one request: 63 hashes and a checkpoint with room for 16 signatures of any kind. */
  readonly bodyBytes: number;
  readonly headerBytes: number;
  /** How long a client may take for the head, and for all of its request. */
  readonly headerTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  /** How long running requests may take to end when the witness closes. */
  readonly closeGraceMs: number;
  readonly connections: number;
  readonly connectionsPerAddress: number;
  /** Requests that one address (IPv4, IPv6 /64) may make at once, and then a second. */
  readonly burst: number;
  readonly perSecond: number;
  /** Addresses whose rates are remembered; the longest unseen one is forgotten first. */
  readonly ratedAddresses: number;
  /** Pairs of checkpoints kept as evidence for each log. */
  readonly forksPerLog: number;
}

export const WITNESS_LIMITS: WitnessLimits = {
  bodyBytes: 128 * 1024,
  headerBytes: 8192,
  headerTimeoutMs: 10_000,
  requestTimeoutMs: 15_000,
  keepAliveTimeoutMs: 60_000,
  closeGraceMs: 1000,
  connections: 512,
  connectionsPerAddress: 32,
  burst: 200,
  perSecond: 20,
  ratedAddresses: 10_000,
  forksPerLog: 16,
};

/** Bounds of a log that asks witnesses. */
export interface AskLimits {
  /** When an attempt to get a quorum ends. */
  readonly quorumMs: number;
  /** One request to one witness. */
  readonly requestMs: number;
  /** After the quorum is met, how long those are waited for that answered the last time. */
  readonly graceMs: number;
  /** How far the time of a cosignature may be from this clock's, in seconds. */
  readonly apartSeconds: number;
  /** Answer of a witness, in bytes. */
  readonly answerBytes: number;
}

export const ASK_LIMITS: AskLimits = {
  quorumMs: 5000,
  requestMs: 4000,
  graceMs: 200,
  apartSeconds: 600,
  answerBytes: 128 * 1024,
};
