import { DHT_LIMITS, type DhtLimits } from './limits.ts';

interface Bucket {
  left: number;
  sinceMs: number;
}

/**
 * How many packets of each host, and of all together, are read; the others are dropped unread and unanswered. Thus a
 * forged source address brings its owner no more answers than that.
 */
export class PacketRate {
  readonly #now: () => number;
  readonly #limits: DhtLimits;
  /** The host heard of last stands last. */
  readonly #hosts = new Map<string, Bucket>();
  readonly #all: Bucket;

  constructor(now: () => number, limits = DHT_LIMITS) {
    this.#now = now;
    this.#limits = limits;
    this.#all = { left: limits.packetsPerSecondInAll, sinceMs: now() };
  }

  /** Whether one more packet of a host is read. */
  takes(host: string): boolean {
    const { packetsPerSecond, packetsAtOnce, packetsPerSecondInAll } = this.#limits;
    const bucket = this.#hosts.get(host) ?? { left: packetsAtOnce, sinceMs: this.#now() };
    this.#hosts.delete(host);
    if (this.#hosts.size >= this.#limits.hosts) {
      const [oldest] = this.#hosts.keys();
      if (oldest !== undefined) this.#hosts.delete(oldest);
    }
    this.#hosts.set(host, bucket);
    return (
      this.#take(bucket, packetsPerSecond, packetsAtOnce) &&
      this.#take(this.#all, packetsPerSecondInAll, packetsPerSecondInAll)
    );
  }

  #take(bucket: Bucket, perSecond: number, most: number): boolean {
    const now = this.#now();
    bucket.left = Math.min(most, bucket.left + ((now - bucket.sinceMs) / 1000) * perSecond);
    bucket.sinceMs = now;
    if (bucket.left < 1) return false;
    bucket.left -= 1;
    return true;
  }
}
