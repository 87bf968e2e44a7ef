import type { Socket } from 'node:net';
import { addressGroup, socketAddressBytes } from '../wire/index.ts';
import { WitnessError } from './errors.ts';
import type { WitnessLimits } from './limits.ts';

/** A request that comes too early; says when to come back. */
export class TooManyError extends WitnessError {
  readonly retryAfterSeconds: number;

  constructor(retryAfterSeconds: number) {
    super('too-many-requests', `too many requests from this address: come back in ${retryAfterSeconds} s`);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

interface Bucket {
  tokens: number;
  filledMs: number;
}

/** Bounds what one address may do: connections, and requests by a token bucket. */
export class Door {
  readonly #limits: WitnessLimits;
  readonly #connections = new Map<string, number>();
  readonly #buckets = new Map<string, Bucket>();

  constructor(limits: WitnessLimits) {
    this.#limits = limits;
  }

  /** Lets a connection in, or ends it. */
  admit(socket: Socket): void {
    const address = groupOf(socket.remoteAddress);
    const count = (this.#connections.get(address) ?? 0) + 1;
    this.#connections.set(address, count);
    socket.once('close', () => {
      const left = (this.#connections.get(address) ?? 1) - 1;
      if (left === 0) this.#connections.delete(address);
      else this.#connections.set(address, left);
    });
    if (count > this.#limits.connectionsPerAddress) socket.destroy();
  }

  /** Counts a request. Throws {@link TooManyError}. */
  count(socket: Socket, nowMs: number): void {
    const { burst, perSecond, ratedAddresses } = this.#limits;
    const address = groupOf(socket.remoteAddress);
    const bucket = this.#buckets.get(address) ?? { tokens: burst, filledMs: nowMs };
    this.#buckets.delete(address);
    this.#buckets.set(address, bucket); // the last one seen stands last
    const oldest = this.#buckets.keys().next();
    if (this.#buckets.size > ratedAddresses && oldest.done !== true) this.#buckets.delete(oldest.value);
    const elapsedMs = Math.max(0, nowMs - bucket.filledMs);
    bucket.tokens = Math.min(burst, bucket.tokens + (elapsedMs / 1000) * perSecond);
    bucket.filledMs = nowMs;
    if (bucket.tokens < 1) throw new TooManyError(Math.max(1, Math.ceil((1 - bucket.tokens) / perSecond)));
    bucket.tokens -= 1;
  }
}

/** One IPv4 address, or one IPv6 /64; those that are gone already count as one. */
function groupOf(address = ''): string {
  const bytes = socketAddressBytes(address);
  return bytes === undefined ? '' : addressGroup(bytes);
}
