import { addressGroup, socketAddressBytes } from '../../wire/index.ts';

/** So many at once, and so many more a second. */
export interface Allowance {
  readonly burst: number;
  readonly perSecond: number;
}

export interface StrangersAllowance {
  /** For one address: of IPv6, for one /64, since whoever has one of its addresses has all. */
  readonly each: Allowance;
  /** For all together. */
  readonly all: Allowance;
  /** Addresses that are remembered; the one unseen longest is forgotten. */
  readonly hosts: number;
}

/** What strangers may cost us, each and all together: what goes beyond is refused at once. */
export class StrangersBudget {
  readonly #allowance: StrangersAllowance;
  readonly #now: () => number;
  readonly #all: Purse;
  /** The one heard of last stands last. */
  readonly #hosts = new Map<string, Purse>();

  /** `now` is a clock that only goes forward, in milliseconds. */
  constructor(allowance: StrangersAllowance, now: () => number) {
    this.#allowance = allowance;
    this.#now = now;
    this.#all = new Purse(allowance.all, now());
  }

  /** Pays for one thing that a host wants; `false` when it, or all, wanted too many. */
  spend(host: string): boolean {
    const { each, hosts } = this.#allowance;
    const now = this.#now();
    const address = socketAddressBytes(host);
    const group = address ? addressGroup(address) : host;
    const own = this.#hosts.get(group) ?? new Purse(each, now);
    this.#hosts.delete(group);
    this.#hosts.set(group, own);
    if (this.#hosts.size > hosts) this.#hosts.delete(this.#hosts.keys().next().value as string);
    return own.take(now) && this.#all.take(now);
  }
}

/** A token bucket. */
class Purse {
  readonly #allowance: Allowance;
  #tokens: number;
  #sinceMs: number;

  constructor(allowance: Allowance, nowMs: number) {
    this.#allowance = allowance;
    this.#tokens = allowance.burst;
    this.#sinceMs = nowMs;
  }

  take(nowMs: number): boolean {
    const { burst, perSecond } = this.#allowance;
    this.#tokens = Math.min(burst, this.#tokens + ((nowMs - this.#sinceMs) / 1000) * perSecond);
    this.#sinceMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
