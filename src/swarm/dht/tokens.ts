import { createHmac, randomBytes } from 'node:crypto';
import { equalBytes } from '../../bytes/index.ts';

const TOKEN_BYTES = 8;
const TURN_MS = 5 * 60_000;

/** Tokens by which a node shows that it gets packets at its address (BEP 5): good for five to ten minutes. */
export class Tokens {
  readonly #now: () => number;
  #secret = randomBytes(16);
  #earlier = randomBytes(16);
  #turnedMs: number;

  constructor(now: () => number) {
    this.#now = now;
    this.#turnedMs = now();
  }

  of(host: string): Uint8Array {
    this.#turn();
    return token(this.#secret, host);
  }

  isValid(host: string, given: Uint8Array): boolean {
    this.#turn();
    return [this.#secret, this.#earlier].some((secret) => equalBytes(token(secret, host), given));
  }

  #turn(): void {
    const turns = Math.floor((this.#now() - this.#turnedMs) / TURN_MS);
    if (turns < 1) return;
    this.#earlier = turns === 1 ? this.#secret : randomBytes(16);
    this.#secret = randomBytes(16);
    this.#turnedMs = this.#now();
  }
}

function token(secret: Uint8Array, host: string): Uint8Array {
  return createHmac('sha256', secret).update(host).digest().subarray(0, TOKEN_BYTES);
}
