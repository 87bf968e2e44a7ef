import { SwarmError } from '../error.ts';
import type { Peer } from './peer.ts';

/** How long a full house stays closed after nobody was found who could go: looking takes time. */
const NO_ROOM_MS = 200;

/** A peer that may go, and for how long it has been of no use. */
export interface UselessPeer {
  readonly peer: Peer;
  readonly uselessMs: number;
}

/** Lets go the one that was of no use for the longest time; `false` when there is none. */
export function letGoMostUseless(candidates: Iterable<UselessPeer | undefined>): boolean {
  let worst: UselessPeer | undefined;
  for (const each of candidates) if (each && each.uselessMs > (worst?.uselessMs ?? -1)) worst = each;
  if (!worst) return false;
  const { peer, uselessMs } = worst;
  const seconds = Math.round(uselessMs / 1000);
  peer.close(new SwarmError('peer-not-needed', `${peer.name} was of no use for ${seconds} s and made room`));
  return true;
}

export interface RoomMakerParts {
  readonly now: () => number;
  /** Lets go somebody who does not shake hands, if there is anybody. */
  readonly dropStranger: () => boolean;
  /** Who may go, of each swarm. */
  readonly mostUseless: () => Iterable<UselessPeer | undefined>;
}

/** Makes room in a full house, for all swarms together. */
export class RoomMaker {
  readonly #parts: RoomMakerParts;
  /** Until when nobody is looked for who could go, after nobody was found. */
  #noRoomUntilMs = 0;

  constructor(parts: RoomMakerParts) {
    this.#parts = parts;
  }

  /** All places are taken: lets go somebody who does not shake hands, or the most useless peer of all swarms. */
  make(): boolean {
    const nowMs = this.#parts.now();
    if (nowMs < this.#noRoomUntilMs) return false;
    if (this.#parts.dropStranger()) return true;
    if (letGoMostUseless(this.#parts.mostUseless())) return true;
    this.#noRoomUntilMs = nowMs + NO_ROOM_MS;
    return false;
  }
}
