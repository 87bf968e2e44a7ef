import type { SwarmError, SwarmErrorCode } from '../error.ts';

/** Why a host is not spoken to any more. */
export interface Ban {
  readonly host: string;
  readonly code: SwarmErrorCode;
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly timeMs: number;
}

/** Most bans that are told; the oldest ones are forgotten here, and hold all the same. */
const MOST_TOLD = 100;

/** The latest bans of a swarm, and how many there were. */
export class Bans {
  readonly #latest: Ban[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get latest(): readonly Ban[] {
    return [...this.#latest];
  }

  add(host: string, error: SwarmError): void {
    this.#count += 1;
    this.#latest.push({ host, code: error.code, reason: error.message, timeMs: Date.now() });
    if (this.#latest.length > MOST_TOLD) this.#latest.shift();
  }
}
