import { equalBytes } from '../../bytes/index.ts';
import { type DhtContact, type DhtQuestion, formatPeerAddress, type PeerAddress } from '../../wire/index.ts';
import { isWithin, reachFrom } from '../connection/address-policy.ts';
import { scopeOf } from '../connection/address-scope.ts';
import { compareDistance } from './distance.ts';
import type { KrpcResponse } from './krpc-socket.ts';
import { DHT_LIMITS } from './limits.ts';
import { BUCKET_NODES } from './routing-table.ts';

/** A node that a search knows of; a node to begin with has no id before it answers. */
interface Candidate {
  readonly address: PeerAddress;
  id: Uint8Array | undefined;
  state: 'new' | 'asked' | 'answered' | 'failed';
  token?: Uint8Array;
}

export interface SearchParts {
  readonly target: Uint8Array;
  readonly question: DhtQuestion;
  readonly ownId: Uint8Array;
  readonly begin: readonly (DhtContact | PeerAddress)[];
  readonly signal: AbortSignal;
  /** Asks a node of an id, if it is known. What does not fit its address or that id is no answer. */
  readonly ask: (
    to: PeerAddress,
    question: DhtQuestion,
    id: Uint8Array | undefined,
  ) => Promise<KrpcResponse | undefined>;
  readonly mayUse: (contact: DhtContact) => boolean;
  readonly onPeers?: (peers: readonly PeerAddress[]) => void;
}

/** A node close to the target that answered, with what it wants to see in an announce. */
export interface Found {
  readonly address: PeerAddress;
  readonly token: Uint8Array | undefined;
}

/**
 * Walks towards a target (BEP 5): asks the closest nodes that are known, four at once, until the eight closest have
 * answered. A node leads us no nearer to ourselves than it stands, and of one public address one node is asked.
 */
export class Search {
  readonly #parts: SearchParts;
  readonly #candidates = new Map<string, Candidate>();
  readonly #publicHosts = new Set<string>();
  #questions = 0;
  #peers = 0;

  constructor(parts: SearchParts) {
    this.#parts = parts;
    for (const one of parts.begin) this.#add(one, 'id' in one ? one.id : undefined);
  }

  /** The closest nodes that answered. Never rejects. */
  async run(): Promise<readonly Found[]> {
    const underWay = new Set<Promise<void>>();
    for (;;) {
      const next = underWay.size < DHT_LIMITS.searchAtOnce ? this.#next() : undefined;
      if (next) {
        const asking: Promise<void> = this.#ask(next).finally(() => underWay.delete(asking));
        underWay.add(asking);
      } else if (underWay.size > 0) await Promise.race(underWay);
      else break;
    }
    return this.#closest()
      .filter(({ state }) => state === 'answered')
      .map(({ address, token }) => ({ address, token }));
  }

  /** The closest candidates that have not failed; those without an id first. */
  #closest(): Candidate[] {
    return [...this.#candidates.values()]
      .filter(({ state }) => state !== 'failed')
      .sort((first, second) => {
        if (!first.id || !second.id) return Number(first.id !== undefined) - Number(second.id !== undefined);
        return compareDistance(this.#parts.target, first.id, second.id);
      })
      .slice(0, BUCKET_NODES);
  }

  #next(): Candidate | undefined {
    if (this.#parts.signal.aborted || this.#questions >= DHT_LIMITS.searchQuestions) return undefined;
    return this.#closest().find(({ state }) => state === 'new');
  }

  async #ask(candidate: Candidate): Promise<void> {
    const { ask, question, onPeers } = this.#parts;
    const { address } = candidate;
    candidate.state = 'asked';
    this.#questions += 1;
    const response = await ask(address, question, candidate.id);
    if (!response) {
      candidate.state = 'failed';
      return;
    }
    const { answer } = response;
    candidate.state = 'answered';
    candidate.id = response.id;
    if (answer.token) candidate.token = answer.token;
    const reach = reachFrom(address.host);
    for (const contact of answer.nodes) if (isWithin(contact.host, reach)) this.#add(contact, contact.id);
    const peers = answer.peers
      .filter(({ host }) => isWithin(host, reach))
      .slice(0, DHT_LIMITS.searchPeers - this.#peers);
    this.#peers += peers.length;
    if (peers.length > 0 && !this.#parts.signal.aborted) onPeers?.(peers);
  }

  #add({ host, port }: PeerAddress, id: Uint8Array | undefined): void {
    const key = formatPeerAddress({ host, port });
    if (this.#candidates.has(key) || this.#publicHosts.has(host)) return;
    if (id && (equalBytes(id, this.#parts.ownId) || !this.#parts.mayUse({ host, port, id }))) return;
    if (this.#candidates.size >= DHT_LIMITS.searchQuestions * BUCKET_NODES) return;
    if (scopeOf(host) === 'public') this.#publicHosts.add(host);
    this.#candidates.set(key, { address: { host, port }, id, state: 'new' });
  }
}
