import { SwarmError } from '../error.ts';
import type { Peer } from './peer.ts';

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
