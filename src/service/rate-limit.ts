import type { Rate, RateClass } from './limits.ts';

interface Bucket {
  tokens: number;
  filledMs: number;
}

/**
 * Token buckets by address and class of request. Only so many addresses are remembered; whoever was not seen for
 * longest is forgotten, which gives that address a full bucket and nobody else anything.
 */
export class RateLimiter {
  readonly #rates: Readonly<Record<RateClass, Rate>>;
  readonly #addresses: number;
  readonly #buckets = new Map<string, Map<RateClass, Bucket>>();

  constructor(rates: Readonly<Record<RateClass, Rate>>, addresses: number) {
    this.#rates = rates;
    this.#addresses = addresses;
  }

  /** How many addresses are remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Takes one token. Gives 0 when there was one, else the seconds (at least 1) until there will be. */
  take(group: string, rateClass: RateClass, nowMs: number): number {
    const { burst, perSecond } = this.#rates[rateClass];
    const buckets = this.#bucketsOf(group);
    const bucket = buckets.get(rateClass) ?? { tokens: burst, filledMs: nowMs };
    buckets.set(rateClass, bucket);
    const elapsedMs = Math.max(0, nowMs - bucket.filledMs);
    bucket.tokens = Math.min(burst, bucket.tokens + (elapsedMs / 1000) * perSecond);
    bucket.filledMs = nowMs;
    if (bucket.tokens < 1) return Math.max(1, Math.ceil((1 - bucket.tokens) / perSecond));
    bucket.tokens -= 1;
    return 0;
  }

  #bucketsOf(group: string): Map<RateClass, Bucket> {
    const buckets = this.#buckets.get(group) ?? new Map<RateClass, Bucket>();
    this.#buckets.delete(group);
    this.#buckets.set(group, buckets);
    if (this.#buckets.size > this.#addresses) {
      const oldest = this.#buckets.keys().next();
      if (!oldest.done) this.#buckets.delete(oldest.value);
    }
    return buckets;
  }
}
