import type { Peer } from '../connection/peer.ts';
import type { Throttle } from '../rates/throttle.ts';

/** What one upload slot gets at least under a limit, in bytes a second: many slow uploads help nobody. */
const LEAST_SLOT_RATE = 8 * 1024;

export interface ChokerParts {
  /** How many peers are served at once, at least one; it may change. */
  readonly slots: () => number;
  /** How long a peer keeps its place while others wait. */
  readonly turnMs: number;
  readonly now: () => number;
  /** A peer was choked: what it asked for is refused. */
  readonly onChoke: (peer: Peer) => void;
}

/** How many peers are served at once under an upload limit. */
export function slotsUnder({ bytesPerSecond }: Throttle, slots: number): number {
  return Math.max(1, Math.min(slots, Math.floor(bytesPerSecond / LEAST_SLOT_RATE)));
}

/**
 * Who is served: so many interested peers at once, in turns when there are more, each for as long as the others.
 * Whoever leaves and comes back goes to the end of the line. (Which of many downloaders deserves it most, by what it
 * gives, is a question for a later form.)
 */
export class Choker {
  readonly #parts: ChokerParts;
  /** Unchoked peers with the time of their unchoking, the longest served first. */
  readonly #served = new Map<Peer, number>();
  readonly #waiting = new Set<Peer>();

  constructor(parts: ChokerParts) {
    this.#parts = parts;
  }

  /** A peer became interested or stopped being so. */
  onInterest(peer: Peer): void {
    if (!peer.isInterested) {
      this.leave(peer);
      peer.setChoked(true);
      this.#parts.onChoke(peer);
    } else if (!this.#served.has(peer)) {
      this.#waiting.add(peer);
      this.#serve();
    }
  }

  leave(peer: Peer): void {
    this.#waiting.delete(peer);
    if (this.#served.delete(peer)) this.#serve();
  }

  /** Called once a second: passes places on, and takes back those there are no more. */
  tick(): void {
    let surplus = this.#served.size - this.#parts.slots();
    for (const [peer, sinceMs] of this.#served) {
      const isTurnOver = this.#waiting.size > 0 && this.#parts.now() - sinceMs >= this.#parts.turnMs;
      if (surplus <= 0 && !isTurnOver) break;
      surplus -= 1;
      this.#served.delete(peer);
      peer.setChoked(true);
      this.#parts.onChoke(peer);
      this.#waiting.add(peer);
      this.#serve();
    }
    this.#serve();
  }

  #serve(): void {
    const slots = this.#parts.slots();
    for (const peer of this.#waiting) {
      if (this.#served.size >= slots) return;
      this.#waiting.delete(peer);
      this.#served.set(peer, this.#parts.now());
      peer.setChoked(false);
    }
  }
}
