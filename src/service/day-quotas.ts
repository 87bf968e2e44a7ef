import { ServiceError } from './errors.ts';

/** What keys may bring into the log in one day (UTC). */
export interface DayLimits {
  /** Of one key with standing: a stolen one must not fill the disk. */
  readonly entriesPerStanding: number;
  /** Of one key without standing. */
  readonly entriesPerKey: number;
  /** Of one network: an IPv4 /24, an IPv6 /48. */
  readonly entriesPerPrefix: number;
  /** Builders that register for the first time from one network. */
  readonly newBuildersPerPrefix: number;
  /** Of all of them together; it also bounds what has to be remembered. */
  readonly entriesInAll: number;
}

/** An entry by a key without standing. */
export interface DayClaim {
  readonly key: string;
  /** The network it came from: `networkPrefix`. */
  readonly prefix: string;
  /** Whether it registers a builder for the first time. */
  readonly isNewBuilder: boolean;
}

const DAY_MS = 24 * 3600 * 1000;

/**
 * Counts, for one day at a time, what keys log. Only entries that are let through are counted, so there are never more
 * counters than keys with standing and three times `entriesInAll`. A restart forgets them.
 */
export class DayQuotas {
  readonly #limits: DayLimits;
  #day = -1;
  #inAll = 0;
  readonly #counts = new Map<string, number>();

  constructor(limits: DayLimits) {
    this.#limits = limits;
  }

  /** How many keys and networks are remembered. */
  get size(): number {
    return this.#counts.size;
  }

  /**
   * Takes a place for an entry; the answer gives it back, for an entry that came to nothing. Throws
   * `too-many-requests`, to be tried again at the next midnight (UTC).
   */
  take({ key, prefix, isNewBuilder }: DayClaim, nowMs: number): () => void {
    this.#turn(Math.floor(nowMs / DAY_MS));
    const { entriesPerKey, entriesPerPrefix, newBuildersPerPrefix, entriesInAll } = this.#limits;
    const claims = [
      { name: `key ${key}`, most: entriesPerKey, what: `${entriesPerKey} entries of this key` },
      { name: `net ${prefix}`, most: entriesPerPrefix, what: `${entriesPerPrefix} entries of your network` },
    ];
    if (isNewBuilder) {
      const what = `${newBuildersPerPrefix} new builders of your network`;
      claims.push({ name: `new ${prefix}`, most: newBuildersPerPrefix, what });
    }
    const full = claims.find(({ name, most }) => (this.#counts.get(name) ?? 0) >= most);
    if (full !== undefined) throw this.#strangers(full.what, nowMs);
    if (this.#inAll >= entriesInAll) {
      throw this.#strangers(`${entriesInAll} entries of all keys without standing`, nowMs);
    }
    return this.#place(claims, 1);
  }

  /** {@link take} for a key with standing, which has a larger share of its own. */
  takeStanding(key: string, nowMs: number): () => void {
    this.#turn(Math.floor(nowMs / DAY_MS));
    const { entriesPerStanding: most } = this.#limits;
    const name = `standing ${key}`;
    if ((this.#counts.get(name) ?? 0) >= most) {
      throw this.#refusal(`Of one key the log takes ${most} entries a day`, nowMs);
    }
    return this.#place([{ name }], 0);
  }

  #place(claims: readonly { readonly name: string }[], inAll: 0 | 1): () => void {
    const day = this.#day;
    this.#add(claims, 1, inAll);
    return () => {
      if (this.#day === day) this.#add(claims, -1, inAll);
    };
  }

  #add(claims: readonly { readonly name: string }[], step: 1 | -1, inAll: 0 | 1): void {
    this.#inAll += step * inAll;
    for (const { name } of claims) {
      const count = (this.#counts.get(name) ?? 0) + step;
      if (count > 0) this.#counts.set(name, count);
      else this.#counts.delete(name);
    }
  }

  /** A clock that goes back begins no day anew. */
  #turn(day: number): void {
    if (day <= this.#day) return;
    this.#day = day;
    this.#inAll = 0;
    this.#counts.clear();
  }

  #strangers(what: string, nowMs: number): ServiceError {
    return this.#refusal(`Of keys without standing the log takes ${what} a day`, nowMs);
  }

  #refusal(words: string, nowMs: number): ServiceError {
    const retryAfterSeconds = Math.max(1, Math.ceil(((this.#day + 1) * DAY_MS - nowMs) / 1000));
    return new ServiceError(
      'too-many-requests',
      `${words}; come back after midnight (UTC), in ${retryAfterSeconds} s.`,
      { retryAfterSeconds },
    );
  }
}
