import { compareBytes, type PeerId } from '../../bytes/index.ts';
import type { Peer } from './peer.ts';

/** The connected peers of one swarm, no two with one peer id, and what they moved in all. */
export class Roster {
  readonly #ourId: PeerId;
  readonly #peers = new Set<Peer>();
  #goneReceived = 0;
  #goneSent = 0;
  #goneOverhead = 0;
  #paidOverhead = 0;

  constructor(ourId: PeerId) {
    this.#ourId = ourId;
  }

  get size(): number {
    return this.#peers.size;
  }

  get receivedBytes(): number {
    let sum = this.#goneReceived;
    for (const peer of this.#peers) sum += peer.receivedBlockBytes;
    return sum;
  }

  get sentBytes(): number {
    let sum = this.#goneSent;
    for (const peer of this.#peers) sum += peer.sentBlockBytes;
    return sum;
  }

  /** Bytes sent besides blocks, such as requests, hashes and heads, since this was asked last. */
  newOverheadBytes(): number {
    let sum = this.#goneOverhead;
    for (const peer of this.#peers) sum += peer.sentBytes - peer.sentBlockBytes;
    const fresh = sum - this.#paidOverhead;
    this.#paidOverhead = sum;
    return Math.max(0, fresh);
  }

  [Symbol.iterator](): Iterator<Peer> {
    return this.#peers.values();
  }

  has(peer: Peer): boolean {
    return this.#peers.has(peer);
  }

  add(peer: Peer): void {
    this.#peers.add(peer);
  }

  remove(peer: Peer): boolean {
    if (!this.#peers.delete(peer)) return false;
    this.#goneReceived += peer.receivedBlockBytes;
    this.#goneSent += peer.sentBlockBytes;
    this.#goneOverhead += peer.sentBytes - peer.sentBlockBytes;
    return true;
  }

  /** Whether a new connection leads to ourselves. */
  isOurself(peer: Peer): boolean {
    return compareBytes(peer.remote.peerId, this.#ourId) === 0;
  }

  /**
   * Which of two connections to one peer has to go: the newer one; when both sides dialled at once, that of the side
   * with the lower peer id, so that both sides choose alike.
   */
  surplus(peer: Peer): Peer | undefined {
    for (const other of this.#peers) {
      if (compareBytes(other.remote.peerId, peer.remote.peerId) !== 0) continue;
      if (other.isIncoming === peer.isIncoming) return peer;
      const keepOutgoing = compareBytes(this.#ourId, peer.remote.peerId) > 0;
      return peer.isIncoming === keepOutgoing ? peer : other;
    }
    return undefined;
  }
}
