import { compareBytes, type PeerId } from '../../bytes/index.ts';
import { RateMeter } from '../progress.ts';
import type { UselessPeer } from './make-room.ts';
import type { Peer } from './peer.ts';

/** How a connection has done so far. */
interface Standing {
  readonly down: RateMeter;
  readonly up: RateMeter;
  /** When it was last of use, to either side. */
  usefulMs: number;
  /** Block bytes in both directions at that time. */
  movedBytes: number;
}

/** The connected peers of one swarm, no two with one peer id, what they moved in all, and how fast. */
export class Roster {
  readonly #ourId: PeerId;
  readonly #peers = new Map<Peer, Standing>();
  readonly #down: RateMeter;
  readonly #up: RateMeter;
  #goneReceived = 0;
  #goneSent = 0;
  #goneOverhead = 0;
  #paidOverhead = 0;

  constructor(ourId: PeerId, nowMs: number) {
    this.#ourId = ourId;
    this.#down = new RateMeter(nowMs);
    this.#up = new RateMeter(nowMs);
  }

  get size(): number {
    return this.#peers.size;
  }

  get receivedBytes(): number {
    let sum = this.#goneReceived;
    for (const peer of this.#peers.keys()) sum += peer.receivedBlockBytes;
    return sum;
  }

  get sentBytes(): number {
    let sum = this.#goneSent;
    for (const peer of this.#peers.keys()) sum += peer.sentBlockBytes;
    return sum;
  }

  /** Block bytes a second from all peers. */
  get downRate(): number {
    return this.#down.bytesPerSecond;
  }

  /** Block bytes a second to all peers. */
  get upRate(): number {
    return this.#up.bytesPerSecond;
  }

  /** Block bytes a second from and to one peer. */
  ratesOf(peer: Peer): { readonly down: number; readonly up: number } {
    const standing = this.#peers.get(peer);
    return { down: standing?.down.bytesPerSecond ?? 0, up: standing?.up.bytesPerSecond ?? 0 };
  }

  /** Bytes sent besides blocks, such as requests, hashes and heads, since this was asked last. */
  newOverheadBytes(): number {
    let sum = this.#goneOverhead;
    for (const peer of this.#peers.keys()) sum += peer.sentBytes - peer.sentBlockBytes;
    const fresh = sum - this.#paidOverhead;
    this.#paidOverhead = sum;
    return Math.max(0, fresh);
  }

  [Symbol.iterator](): Iterator<Peer> {
    return this.#peers.keys();
  }

  has(peer: Peer): boolean {
    return this.#peers.has(peer);
  }

  add(peer: Peer, nowMs: number): void {
    this.#peers.set(peer, {
      down: new RateMeter(nowMs),
      up: new RateMeter(nowMs),
      usefulMs: nowMs,
      movedBytes: 0,
    });
  }

  remove(peer: Peer): boolean {
    if (!this.#peers.delete(peer)) return false;
    this.#goneReceived += peer.receivedBlockBytes;
    this.#goneSent += peer.sentBlockBytes;
    this.#goneOverhead += peer.sentBytes - peer.sentBlockBytes;
    return true;
  }

  /** Called once a second: measures. */
  tick(nowMs: number): void {
    this.#down.tick(this.receivedBytes, nowMs);
    this.#up.tick(this.sentBytes, nowMs);
    for (const [peer, standing] of this.#peers) {
      standing.down.tick(peer.receivedBlockBytes, nowMs);
      standing.up.tick(peer.sentBlockBytes, nowMs);
      if (isUseful(peer, standing)) standing.usefulMs = nowMs;
      standing.movedBytes = movedBytesOf(peer);
    }
  }

  /** The peer that has been of no use for the longest time, at least so long; it may make room for another one. */
  mostUseless(nowMs: number, leastMs: number): UselessPeer | undefined {
    let found: UselessPeer | undefined;
    for (const [peer, standing] of this.#peers) {
      if (isUseful(peer, standing)) continue; // since the last second began
      const uselessMs = nowMs - standing.usefulMs;
      if (uselessMs >= leastMs && uselessMs > (found?.uselessMs ?? -1)) found = { peer, uselessMs };
    }
    return found;
  }

  /** Whether a new connection leads to ourselves. */
  isOurself(peer: Peer): boolean {
    return compareBytes(peer.remote.peerId, this.#ourId) === 0;
  }

  /**
   * Which of two connections to one peer has to go: the newer one; when both sides dialled at once, that of the side
   * with the lower peer id, so that both sides choose alike.
   */
  surplus(peer: Peer): { readonly given: Peer; readonly kept: Peer } | undefined {
    for (const other of this.#peers.keys()) {
      if (compareBytes(other.remote.peerId, peer.remote.peerId) !== 0) continue;
      const keepOutgoing = compareBytes(this.#ourId, peer.remote.peerId) > 0;
      const isGiven = other.isIncoming === peer.isIncoming || peer.isIncoming === keepOutgoing;
      return isGiven ? { given: peer, kept: other } : { given: other, kept: peer };
    }
    return undefined;
  }
}

function movedBytesOf(peer: Peer): number {
  return peer.receivedBlockBytes + peer.sentBlockBytes;
}

/** Whether blocks came or went since they were counted last, one waits for us, or we want something. */
function isUseful(peer: Peer, standing: Standing): boolean {
  const waitsForUs = peer.isInterested && peer.isChoked;
  return movedBytesOf(peer) > standing.movedBytes || waitsForUs || peer.isInteresting;
}
