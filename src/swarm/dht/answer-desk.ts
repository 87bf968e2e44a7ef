import { toHex } from '../../bytes/index.ts';
import type { DhtAnswer, DhtContact, DhtQuestion, PeerAddress } from '../../wire/index.ts';
import { isWithin, reachFrom } from '../connection/address-policy.ts';
import type { KrpcRefusal } from './krpc-socket.ts';
import { PeerStore } from './peer-store.ts';
import type { RoutingTable } from './routing-table.ts';
import { Tokens } from './tokens.ts';

/** Answers what other nodes ask (BEP 5): closer nodes, and peers that were announced here with a token of ours. */
export class AnswerDesk {
  readonly #tokens: Tokens;
  readonly #peers: PeerStore;
  readonly #random: () => number;

  constructor({ now, random }: { readonly now: () => number; readonly random: () => number }) {
    this.#tokens = new Tokens(now);
    this.#peers = new PeerStore(now);
    this.#random = random;
  }

  get storedPeers(): number {
    return this.#peers.size;
  }

  /** Some peers that were announced here. */
  peersOf(infoHash: Uint8Array): PeerAddress[] {
    return this.#peers.some(toHex(infoHash), this.#random);
  }

  /** Forgets what was not announced again in time. */
  expire(): void {
    this.#peers.expire();
  }

  answer(question: DhtQuestion, from: PeerAddress, table: RoutingTable): DhtAnswer | KrpcRefusal {
    // What he could not use where he stands is not told: it is nobody's business there.
    const reach = reachFrom(from.host);
    const usable = ({ host }: PeerAddress): boolean => isWithin(host, reach);
    const closest = (target: Uint8Array): readonly DhtContact[] => table.closest(target, usable);
    switch (question.method) {
      case 'ping':
        return { nodes: [], peers: [] };
      case 'find_node':
        return { nodes: closest(question.target), peers: [] };
      case 'get_peers': {
        const { infoHash } = question;
        const peers = this.peersOf(infoHash).filter(usable);
        return { nodes: closest(infoHash), peers, token: this.#tokens.of(from.host) };
      }
      case 'announce_peer': {
        if (!this.#tokens.isValid(from.host, question.token)) return { code: 203, message: 'bad token' };
        const port = question.impliedPort ? from.port : question.port;
        this.#peers.add(toHex(question.infoHash), { host: from.host, port });
        return { nodes: [], peers: [] };
      }
    }
  }
}
