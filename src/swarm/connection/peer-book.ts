import { formatPeerAddress, type PeerAddress } from '../../wire/index.ts';
import type { Reach } from './address-policy.ts';

/** An address where a peer may listen. */
export interface Candidate {
  readonly address: PeerAddress;
  /** Which infohash to shake hands with: the v1 one of a hybrid, or the v2 one. They take turns on failure. */
  identity: 'v1' | 'v2';
  /** How near to us it may lie when it is a name. */
  reach: Reach;
  failures: number;
  /** Not before this time, on the clock the book was given. */
  notBeforeMs: number;
  isConnected: boolean;
}

/** Most addresses that are remembered for a swarm. */
const MAXIMUM_ADDRESSES = 2000;
const MAXIMUM_BANS = 10_000;
const FIRST_RETRY_MS = 300;
const LAST_RETRY_MS = 120_000;
/** When a peer is looked at again that was of no use: ourselves, or complete as we are. */
const UNNEEDED_MS = 1_800_000;

/** Addresses of possible peers of one swarm: whom to try next, when, and whom never again. */
export class PeerBook {
  readonly #candidates = new Map<string, Candidate>();
  readonly #bannedHosts = new Set<string>();

  /** Notes an address; `identity` is what is tried first. Known and banned ones are passed over. */
  add(address: PeerAddress, identity: 'v1' | 'v2', reach: Reach): void {
    const key = formatPeerAddress(address);
    const known = this.#candidates.get(key);
    if (known && reach === 'named') known.reach = reach;
    if (known || this.isBanned(address.host)) return;
    if (this.#candidates.size >= MAXIMUM_ADDRESSES && !this.#forgetWorst()) return;
    this.#candidates.set(key, { address, identity, reach, failures: 0, notBeforeMs: 0, isConnected: false });
  }

  /** Never connects to or takes connections from a host again. */
  ban(host: string): void {
    if (this.#bannedHosts.size < MAXIMUM_BANS) this.#bannedHosts.add(host);
    for (const [key, { address }] of this.#candidates)
      if (address.host === host) this.#candidates.delete(key);
  }

  isBanned(host: string): boolean {
    return this.#bannedHosts.has(host);
  }

  /** Whom to connect to now, marked as connected; the one with the fewest failures first. */
  take(nowMs: number): Candidate | undefined {
    let best: Candidate | undefined;
    for (const candidate of this.#candidates.values()) {
      if (candidate.isConnected || candidate.notBeforeMs > nowMs) continue;
      if (!best || candidate.failures < best.failures) best = candidate;
    }
    if (best) best.isConnected = true;
    return best;
  }

  /** A connection ended, or never came about: it is tried again later, each time after twice as long. */
  lost(
    candidate: Candidate,
    nowMs: number,
    { wasUseful, isUnneeded }: { readonly wasUseful: boolean; readonly isUnneeded: boolean },
  ): void {
    candidate.isConnected = false;
    candidate.failures = wasUseful ? 0 : candidate.failures + 1;
    if (!wasUseful) candidate.identity = candidate.identity === 'v1' ? 'v2' : 'v1';
    const delayMs = isUnneeded
      ? UNNEEDED_MS
      : Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.max(0, candidate.failures - 1));
    candidate.notBeforeMs = nowMs + delayMs;
  }

  /** Tries a candidate again soon, however long it was put off. */
  again(candidate: Candidate, nowMs: number): void {
    candidate.failures = 0;
    candidate.notBeforeMs = Math.min(candidate.notBeforeMs, nowMs + FIRST_RETRY_MS);
  }

  /** When somebody can be tried next; infinity when there is nobody. */
  nextTryMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { isConnected, notBeforeMs } of this.#candidates.values()) {
      if (!isConnected) next = Math.min(next, notBeforeMs);
    }
    return next;
  }

  #forgetWorst(): boolean {
    let worst: [string, number] | undefined;
    for (const [key, { isConnected, failures }] of this.#candidates) {
      if (!isConnected && failures > (worst?.[1] ?? 0)) worst = [key, failures];
    }
    return worst !== undefined && this.#candidates.delete(worst[0]);
  }
}
