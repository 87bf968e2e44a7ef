/** How many proofs are given: so many at once, one more after each pause. */
interface Allowance {
  readonly burst: number;
  readonly pauseMs: number;
}

/** For everybody together: a proof costs about 0.2 ms of the processor. */
const ALL: Allowance = { burst: 200, pauseMs: 20 };
/** For one address: a tally asks for each torrent apart. */
const EACH: Allowance = { burst: 50, pauseMs: 200 };
/** Addresses that are remembered; the one unseen longest is forgotten. */
const HOSTS = 1000;

/** What identity proofs may cost an engine, whoever asks for them. */
export class ProofBudget {
  readonly #now: () => number;
  readonly #all: Bucket;
  readonly #hosts = new Map<string, Bucket>();

  constructor(now: () => number) {
    this.#now = now;
    this.#all = new Bucket(ALL, now());
  }

  /** Pays for one proof; `false` when it was asked for too often. */
  spend(host: string): boolean {
    const now = this.#now();
    const own = this.#hosts.get(host) ?? new Bucket(EACH, now);
    this.#hosts.delete(host);
    this.#hosts.set(host, own);
    if (this.#hosts.size > HOSTS) this.#hosts.delete(this.#hosts.keys().next().value as string);
    return own.take(now) && this.#all.take(now);
  }
}

/** A token bucket. */
class Bucket {
  readonly #allowance: Allowance;
  #tokens: number;
  #sinceMs: number;

  constructor(allowance: Allowance, nowMs: number) {
    this.#allowance = allowance;
    this.#tokens = allowance.burst;
    this.#sinceMs = nowMs;
  }

  take(nowMs: number): boolean {
    const { burst, pauseMs } = this.#allowance;
    this.#tokens = Math.min(burst, this.#tokens + (nowMs - this.#sinceMs) / pauseMs);
    this.#sinceMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
