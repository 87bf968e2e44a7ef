/** What a swarm is doing; `checking`: hashing what an earlier download left. */
export type SwarmPhase = 'metadata' | 'checking' | 'downloading' | 'seeding' | 'closed';

/** A swarm at one moment. */
export interface SwarmProgress {
  readonly phase: SwarmPhase;
  /** Bytes of content that are on disk and verified; `totalBytes` is 0 while the metadata is unknown. */
  readonly haveBytes: number;
  readonly totalBytes: number;
  readonly piecesHave: number;
  readonly piecesTotal: number;
  readonly peers: number;
  /** Web seeds that are being fetched from. */
  readonly webSeeds: number;
  /** Block bytes in both directions, and how many of those received were of no use. */
  readonly downloadedBytes: number;
  readonly uploadedBytes: number;
  readonly wastedBytes: number;
  /** Over the last seconds. */
  readonly downloadBytesPerSecond: number;
  readonly uploadBytesPerSecond: number;
  readonly bannedPeers: number;
}

/** A rate over the last few seconds from a counter that only grows. */
export class RateMeter {
  #rate = 0;
  #lastTotal = 0;
  #lastMs: number;

  constructor(nowMs: number) {
    this.#lastMs = nowMs;
  }

  /** Bytes a second, smoothed. */
  get bytesPerSecond(): number {
    return Math.round(this.#rate);
  }

  /** Notes the counter, about once a second. */
  tick(total: number, nowMs: number): void {
    const seconds = (nowMs - this.#lastMs) / 1000;
    if (seconds <= 0) return;
    const rate = (total - this.#lastTotal) / seconds;
    this.#rate = this.#rate === 0 ? rate : this.#rate * 0.6 + rate * 0.4;
    this.#lastTotal = total;
    this.#lastMs = nowMs;
  }
}
