import type { BlockSpan, PeerMessage } from '../wire/index.ts';
import type { Peer, PeerOwner } from './connection/peer.ts';
import type { Roster } from './connection/roster.ts';
import type { Discovery } from './discovery/discovery.ts';
import { SwarmError } from './error.ts';
import type { Exchange } from './exchange.ts';
import type { Extensions } from './extensions/extension.ts';
import { EarlyClaims } from './fetching/claims.ts';
import type { EngineServices } from './services.ts';
import { Bans } from './statistics/bans.ts';
import type { PeerChange, SwarmEvents } from './statistics/events.ts';

const KEEP_ALIVE_MS = 60_000;
/** Most pieces, found on disk, that peers are told of who came before they were. */
const MOST_HAVES = 16_384;

export interface PeerDeskParts {
  readonly services: EngineServices;
  readonly events: SwarmEvents;
  readonly roster: Roster;
  readonly extensions: Extensions;
  readonly discovery: Discovery;
}

/**
 * Takes what the peers of one swarm send to whom it is for: to extensions, discovery, and the exchange, before which there
 * is only what peers say they have. Lets go who is silent, and bans who sends what is wrong.
 */
export class PeerDesk implements PeerOwner {
  readonly bans = new Bans();
  readonly #parts: PeerDeskParts;
  /** What peers said before the torrent was known. */
  readonly #early = new Map<Peer, EarlyClaims>();
  #exchange: Exchange | undefined;

  constructor(parts: PeerDeskParts) {
    this.#parts = parts;
  }

  /** The torrent is known: peers are greeted again, as now there is metadata to give, and told what is here. */
  know(exchange: Exchange, greet: (peer: Peer) => void): void {
    this.#exchange = exchange;
    const { have, layout } = exchange;
    for (const peer of this.#parts.roster) {
      greet(peer);
      exchange.join(peer);
      const early = this.#early.get(peer);
      if (early) exchange.claim(peer, early.settle(layout.pieceCount));
      for (let piece = 0; piece < Math.min(layout.pieceCount, MOST_HAVES); piece += 1) {
        if (have.has(piece)) peer.send({ type: 'have', pieceIndex: piece });
      }
    }
    this.#early.clear();
  }

  /** A peer was taken in. */
  take(peer: Peer): void {
    if (this.#exchange) this.#exchange.join(peer);
    else this.#early.set(peer, new EarlyClaims());
    this.#parts.events.onPeer?.({ ...whoOf(peer), change: 'connected' });
  }

  /** Lets a peer's host go, and never lets it in again. */
  ban(peer: Peer, reason: SwarmError): void {
    const { discovery, events, roster } = this.#parts;
    const { host } = peer.address;
    if (!discovery.isBanned(host)) {
      this.bans.add(host, reason);
      discovery.ban(host);
      events.onTrouble?.(reason);
    }
    for (const other of roster) if (other.address.host === host) other.close(reason);
  }

  /** Called once a second: lets go who is silent, and keeps connections alive. */
  tick(): void {
    const { now, options } = this.#parts.services;
    for (const peer of this.#parts.roster) {
      if (now() - peer.lastHeardMs > options.idleTimeoutMs && !peer.isHeldBack) {
        peer.close(new SwarmError('timed-out', `${peer.name} was silent for too long`));
      } else if (now() - peer.lastSentMs > KEEP_ALIVE_MS) {
        peer.send({ type: 'keep-alive' });
      }
    }
  }

  onMessage(peer: Peer, message: PeerMessage): void {
    if (message.type === 'extended') this.#parts.extensions.onMessage(peer, message);
    else if (message.type === 'port') this.#parts.discovery.onDhtPort(peer, message.port);
    else if (this.#exchange) this.#exchange.onMessage(peer, message);
    else if (this.#early.get(peer)?.take(message) === false) {
      peer.close(new SwarmError('peer-broke-protocol', `${peer.name} announces too many pieces`));
    } else if (message.type === 'hash-request') {
      peer.send({ ...message, type: 'hash-reject' });
    }
  }

  onExtensionHandshake(peer: Peer): void {
    this.#parts.extensions.onHandshake(peer);
  }

  beginBlock(peer: Peer, span: BlockSpan): Uint8Array | undefined {
    return this.#exchange?.beginBlock(peer, span);
  }

  endBlock(peer: Peer, span: BlockSpan): void {
    this.#exchange?.endBlock(peer, span);
  }

  onClose(peer: Peer, reason: SwarmError): void {
    const { services, roster, extensions, events, discovery } = this.#parts;
    services.released(peer.address.host);
    if (roster.remove(peer)) {
      this.#early.delete(peer);
      extensions.leave(peer);
      this.#exchange?.leave(peer, reason);
      events.onPeer?.({ ...whoOf(peer), change: 'left', reason });
    }
    discovery.lost(peer, reason);
  }
}

function whoOf({ address, isIncoming }: Peer): Pick<PeerChange, 'address' | 'direction'> {
  return { address, direction: isIncoming ? 'incoming' : 'outgoing' };
}
