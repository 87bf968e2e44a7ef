import type { Peer } from '../connection/peer.ts';

/** How long a peer keeps its place while others wait. */
const TURN_MS = 10_000;

/**
 * Who is served: so many interested peers at once, in turns of ten seconds when there are more. (Which of many
 * downloaders deserves it most, by what it gives, is a question for a later form.)
 */
export class Choker {
  readonly #slots: number;
  readonly #now: () => number;
  /** Unchoked peers with the time of their unchoking, the longest served first. */
  readonly #served = new Map<Peer, number>();
  readonly #waiting = new Set<Peer>();
  readonly #onChoke: (peer: Peer) => void;

  constructor(slots: number, now: () => number, onChoke: (peer: Peer) => void) {
    this.#slots = slots;
    this.#now = now;
    this.#onChoke = onChoke;
  }

  /** A peer became interested or stopped being so. */
  onInterest(peer: Peer): void {
    if (!peer.isInterested) {
      this.leave(peer);
      peer.setChoked(true);
      this.#onChoke(peer);
    } else if (!this.#served.has(peer)) {
      this.#waiting.add(peer);
      this.#serve();
    }
  }

  leave(peer: Peer): void {
    this.#waiting.delete(peer);
    if (this.#served.delete(peer)) this.#serve();
  }

  /** Called once a second: passes places on. */
  tick(): void {
    for (const [peer, sinceMs] of this.#served) {
      if (this.#waiting.size === 0 || this.#now() - sinceMs < TURN_MS) return;
      this.#served.delete(peer);
      peer.setChoked(true);
      this.#onChoke(peer);
      this.#waiting.add(peer);
      this.#serve();
    }
  }

  #serve(): void {
    for (const peer of this.#waiting) {
      if (this.#served.size >= this.#slots) return;
      this.#waiting.delete(peer);
      this.#served.set(peer, this.#now());
      peer.setChoked(false);
    }
  }
}
