import { formatPeerAddress, type PeerAddress } from '../../wire/index.ts';
import { SwarmError } from '../error.ts';
import type { EngineServices } from '../services.ts';
import { lookupWithin, type Reach } from './address-policy.ts';
import { type Manner, mannersOf, mayHelp, shakeOutgoing } from './encryption.ts';
import type { ShakenHands } from './handshake.ts';
import { type Candidate, PeerBook } from './peer-book.ts';
import { PeerSocket } from './socket.ts';

/** Most connections that are being made at once. */
const MAXIMUM_DIALS = 16;
const LEAST_WAIT_MS = 50;

export interface DialerParts {
  readonly services: EngineServices;
  /** Whether one more peer may be connected, besides those that are being dialled. */
  readonly hasRoom: (dials: number) => boolean;
  /** The handshake that goes out under an identity. */
  readonly hello: (identity: 'v1' | 'v2') => Uint8Array;
  /** Somebody answered: whoever takes the connection tells its end by {@link Dialer.lost}. */
  readonly onShaken: (shaken: ShakenHands, candidate: Candidate) => void;
  /** Nobody answered, or not as a peer does. */
  readonly onUnreachable: (address: PeerAddress, reason: SwarmError) => void;
}

/** Why a dial failed, and whether somebody took the connection. */
interface Outcome {
  readonly reason: SwarmError;
  readonly wasReached: boolean;
}

/** Makes a swarm's outgoing connections: whom the address book offers, as there is room, again after failures. */
export class Dialer {
  readonly #parts: DialerParts;
  readonly #book = new PeerBook();
  readonly #closing = new AbortController();
  #dials = 0;
  #retry: NodeJS.Timeout | undefined;

  constructor(parts: DialerParts) {
    this.#parts = parts;
  }

  /** Notes addresses that are within reach; names are judged when they are resolved. */
  add(addresses: Iterable<PeerAddress>, identity: 'v1' | 'v2', reach: Reach): void {
    for (const address of addresses) this.#book.add(address, identity, reach);
    this.connect();
  }

  isBanned(host: string): boolean {
    return this.#book.isBanned(host);
  }

  ban(host: string): void {
    this.#book.ban(host);
  }

  /** A connection ended. `isUnneeded`: it is ourselves, or complete as we are, and not soon tried again. */
  lost(candidate: Candidate, end: { readonly wasUseful: boolean; readonly isUnneeded: boolean }): void {
    this.#book.lost(candidate, this.#parts.services.now(), end);
  }

  /** What made a candidate unneeded is over. */
  again(candidate: Candidate): void {
    this.#book.again(candidate, this.#parts.services.now());
  }

  /** Connects to whom it can; to be called when there is room again. */
  connect(): void {
    clearTimeout(this.#retry);
    if (this.#closing.signal.aborted) return;
    const { now, reserve } = this.#parts.services;
    while (this.#dials < MAXIMUM_DIALS && this.#parts.hasRoom(this.#dials)) {
      const candidate = this.#book.take(now());
      if (!candidate) break;
      if (!reserve(candidate.address.host)) {
        this.#book.lost(candidate, now(), FAILED);
        break;
      }
      void this.#dial(candidate);
    }
    const waitMs = this.#book.nextTryMs() - now();
    if (waitMs < 2 ** 31) this.#retry = setTimeout(() => this.connect(), Math.max(LEAST_WAIT_MS, waitMs));
  }

  /** Ends what is being dialled. */
  close(reason: SwarmError): void {
    clearTimeout(this.#retry);
    this.#closing.abort(reason);
  }

  /** Connects in one manner after the other, as the policy says. */
  async #dial(candidate: Candidate): Promise<void> {
    this.#dials += 1;
    let reason: SwarmError | undefined;
    for (const manner of mannersOf(this.#parts.services.options.encryption)) {
      const outcome = await this.#attempt(candidate, manner);
      if (outcome === 'answered') return;
      reason = outcome.reason;
      if (!outcome.wasReached || this.#closing.signal.aborted || !mayHelp(reason, manner)) break;
    }
    const { now, released } = this.#parts.services;
    this.#dials -= 1;
    released(candidate.address.host);
    this.#book.lost(candidate, now(), FAILED); // not reachable now: the book knows when to try again
    if (reason && !this.#closing.signal.aborted) this.#parts.onUnreachable(candidate.address, reason);
    this.connect();
  }

  /** Resolves with why nobody shook hands. Never rejects. */
  async #attempt(candidate: Candidate, manner: Manner): Promise<'answered' | Outcome> {
    const { services, hello, onShaken } = this.#parts;
    const { encryption: policy, handshakeTimeoutMs: timeoutMs, localAddress } = services.options;
    const ended = new AbortController();
    try {
      const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(timeoutMs)]);
      const socket = await PeerSocket.dial(
        candidate.address,
        localAddress,
        signal,
        lookupWithin(candidate.reach),
      );
      const close = (): void => socket.close(this.#closing.signal.reason as SwarmError);
      this.#closing.signal.addEventListener('abort', close, { once: true, signal: ended.signal });
      return await new Promise((resolve) => {
        const onAnswer = (shaken: ShakenHands): void => {
          this.#dials -= 1;
          ended.abort();
          resolve('answered');
          onShaken(shaken, candidate);
        };
        shakeOutgoing(socket, hello(candidate.identity), { manner, policy, timeoutMs }, onAnswer, (reason) =>
          resolve({ reason, wasReached: true }),
        );
      });
    } catch (cause) {
      return { reason: asSwarmError(candidate.address, cause), wasReached: false };
    } finally {
      ended.abort();
    }
  }
}

function asSwarmError(address: PeerAddress, cause: unknown): SwarmError {
  if (cause instanceof SwarmError) return cause;
  const name = formatPeerAddress(address);
  const isLate = cause instanceof DOMException && cause.name === 'TimeoutError';
  return isLate
    ? new SwarmError('timed-out', `${name} did not answer in time`, { cause })
    : new SwarmError('cannot-connect', `${name} cannot be reached: ${(cause as Error).message}`, { cause });
}

const FAILED = { wasUseful: false, isUnneeded: false };
