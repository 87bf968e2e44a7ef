import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { equalBytes } from '../../bytes/index.ts';
import {
  type DhtAnswer,
  type DhtContact,
  type DhtQuestion,
  formatPeerAddress,
  isNodeIdFor,
  nodeIdFor,
  type PeerAddress,
  type SwarmHash,
} from '../../wire/index.ts';
import { scopeOf } from '../connection/address-scope.ts';
import { SwarmError } from '../error.ts';
import { AnswerDesk } from './answer-desk.ts';
import { Beginning } from './beginning.ts';
import { type KrpcQuery, type KrpcRefusal, type KrpcResponse, KrpcSocket } from './krpc-socket.ts';
import { DHT_LIMITS } from './limits.ts';
import { OutsideView } from './outside-view.ts';
import { RoutingTable } from './routing-table.ts';
import { type Found, Search } from './search.ts';

/** How often the table is looked after, when a silent node is asked again, and when a random place is searched. */
const CARE_MS = 60_000;
const SILENT_MS = 15 * 60_000;
const PINGS_IN_CARE = 8;

export interface DhtNodeParts {
  /** Nodes to begin with: addresses or names, and ports. */
  readonly bootstrap: readonly PeerAddress[];
  readonly now: () => number;
  readonly random: () => number;
}

/**
 * A node of the DHT over IPv4 (BEP 5), with an id by its public address (BEP 42) once others have told it. It finds
 * peers, and keeps what others announce; it counts nothing and stores nothing else.
 */
export class DhtNode {
  readonly #parts: DhtNodeParts;
  readonly #socket: KrpcSocket;
  readonly #desk: AnswerDesk;
  readonly #view = new OutsideView();
  readonly #closing = new AbortController();
  readonly #beginning: Beginning;
  /** Nodes that are asked just now whether they are there. */
  readonly #pinged = new Set<string>();
  #table: RoutingTable;
  #id: Uint8Array;
  #port = 0;
  #care: NodeJS.Timeout | undefined;

  constructor(parts: DhtNodeParts) {
    this.#parts = parts;
    this.#id = randomBytes(20);
    this.#table = new RoutingTable(this.#id, parts.now);
    this.#desk = new AnswerDesk(parts);
    this.#beginning = new Beginning({
      ...parts,
      knownNodes: () => this.#table.size,
      closing: this.#closing.signal,
      search: (begin) => {
        const question: DhtQuestion = { method: 'find_node', target: this.#id };
        return this.#search(this.#id, question, this.#closing.signal, undefined, begin);
      },
    });
    this.#socket = new KrpcSocket({
      id: () => this.#id,
      now: parts.now,
      onQuery: (query, from) => this.#onQuery(query, from),
    });
  }

  get id(): Uint8Array {
    return this.#id;
  }

  /** The UDP port; 0 while there is none. */
  get port(): number {
    return this.#port;
  }

  /** Nodes in the table, and peers that are kept for others. */
  get sizes(): { readonly nodes: number; readonly storedPeers: number } {
    return { nodes: this.#table.size, storedPeers: this.#desk.storedPeers };
  }

  /**
   * Opens the UDP port, another one when that is taken, and begins to look for nodes. Throws what the system says, and
   * `closed` when it is closed meanwhile.
   */
  async open(host: string, port: number): Promise<void> {
    const { signal } = this.#closing;
    this.#port = await this.#socket.bind(host, port, signal).catch((cause: NodeJS.ErrnoException) => {
      if (port === 0 || cause.code !== 'EADDRINUSE') throw cause;
      return this.#socket.bind(host, 0, signal);
    });
    this.#care = setInterval(() => void this.#lookAfter(), CARE_MS);
    this.#care.unref();
    void this.#beginning.begin(signal);
  }

  /** A peer told that it is a node (BEP 5, "port" message); it is asked whether that is so. */
  meet(address: PeerAddress): void {
    if (isIP(address.host) === 4 && address.port > 0) void this.#ping(address);
  }

  /**
   * Searches the peers of a torrent, and is announced with a port when one is given. Resolves with how many nodes took
   * the announce. Never rejects.
   */
  async find(
    infoHash: SwarmHash,
    options: {
      readonly announcePort: number | undefined;
      readonly signal: AbortSignal;
      readonly onPeers: (peers: readonly PeerAddress[]) => void;
    },
  ): Promise<number> {
    const signal = AbortSignal.any([options.signal, this.#closing.signal]);
    await this.#beginning.begin(signal);
    const question: DhtQuestion = { method: 'get_peers', infoHash };
    const stored = this.#desk.peersOf(infoHash);
    if (stored.length > 0) options.onPeers(stored);
    const closest = await this.#search(infoHash, question, signal, options.onPeers);
    const port = options.announcePort;
    if (port === undefined || signal.aborted) return 0;
    const taken = await Promise.all(
      closest.map(async ({ address, token }) => {
        if (!token) return false;
        const announce: DhtQuestion = { method: 'announce_peer', infoHash, port, impliedPort: false, token };
        return (await this.#ask(address, announce)) !== undefined;
      }),
    );
    return taken.filter(Boolean).length;
  }

  close(): void {
    this.#closing.abort(new SwarmError('closed', 'the DHT was left'));
    clearInterval(this.#care);
    this.#socket.close();
  }

  #search(
    target: Uint8Array,
    question: DhtQuestion,
    signal: AbortSignal,
    onPeers?: (peers: readonly PeerAddress[]) => void,
    begin: readonly PeerAddress[] = [],
  ): Promise<readonly Found[]> {
    return new Search({
      target,
      question,
      signal,
      ownId: this.#id,
      begin: [...begin, ...this.#table.closest(target)],
      ask: (to, asked, id) => this.#ask(to, asked, id),
      mayUse: fits,
      ...(onPeers && { onPeers }),
    }).run();
  }

  /** Asks a node, and notes what follows from its answer; an id that does not fit its address is none. */
  async #ask(to: PeerAddress, question: DhtQuestion, id?: Uint8Array): Promise<KrpcResponse | undefined> {
    const response = await this.#socket.ask(to, question);
    if (this.#closing.signal.aborted) return undefined;
    if (!response || (id && !equalBytes(id, response.id))) {
      if (id) this.#table.failed(id);
      return undefined;
    }
    const contact = { host: to.host, port: to.port, id: response.id };
    if (response.seenAs && this.#view.note(to, response.seenAs)) this.#move();
    if (!fits(contact)) return undefined;
    this.#table.answered(contact);
    return response;
  }

  async #ping(address: PeerAddress): Promise<void> {
    const key = formatPeerAddress(address);
    if (this.#pinged.has(key) || this.#pinged.size >= DHT_LIMITS.pings) return;
    this.#pinged.add(key);
    await this.#ask(address, { method: 'ping' });
    this.#pinged.delete(key);
  }

  /** Our address is another one: so is our place (BEP 42). */
  #move(): void {
    const { host } = this.#view;
    if (host === undefined || isNodeIdFor(host, this.#id)) return;
    const contacts = this.#table.contacts;
    this.#id = nodeIdFor(host, randomBytes(20));
    this.#table = new RoutingTable(this.#id, this.#parts.now);
    for (const contact of contacts) this.#table.answered(contact);
  }

  async #lookAfter(): Promise<void> {
    this.#desk.expire();
    for (const contact of this.#table.silentFor(SILENT_MS).slice(0, PINGS_IN_CARE)) {
      void this.#ask(contact, { method: 'ping' }, contact.id);
    }
    const target = randomBytes(20);
    await this.#beginning.begin(this.#closing.signal);
    if (this.#table.size > 0) {
      await this.#search(target, { method: 'find_node', target }, this.#closing.signal);
    }
  }

  #onQuery({ id, question, readOnly }: KrpcQuery, from: PeerAddress): DhtAnswer | KrpcRefusal {
    const contact = { ...from, id };
    // Whoever asks is not believed to be there before it has answered: a source address is easily forged.
    if (!readOnly && fits(contact) && this.#table.hasRoomFor(contact)) void this.#ping(from);
    return this.#desk.answer(question, from, this.#table);
  }
}

/** Whether a node's id is one for its address (BEP 42), which addresses that are not public need not have. */
function fits({ host, id }: DhtContact): boolean {
  return scopeOf(host) !== 'public' || isNodeIdFor(host, id);
}
