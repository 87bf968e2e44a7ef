import { randomInt } from 'node:crypto';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import {
  type DhtAnswer,
  type DhtQuestion,
  encodeKrpc,
  formatPeerAddress,
  type KrpcMessage,
  type PeerAddress,
  parseKrpc,
} from '../../wire/index.ts';
import { StrangersBudget } from '../rates/strangers-budget.ts';
import { DHT_LIMITS } from './limits.ts';

export type KrpcQuery = Extract<KrpcMessage, { type: 'query' }>;
export type KrpcResponse = Extract<KrpcMessage, { type: 'response' }>;

interface Waiting {
  readonly key: string;
  readonly settle: (response: KrpcResponse | undefined) => void;
}

export interface KrpcSocketParts {
  /** Our node id at the moment. */
  readonly id: () => Uint8Array;
  readonly now: () => number;
  /** Somebody asks. What is returned is answered. */
  readonly onQuery: (query: KrpcQuery, from: PeerAddress) => DhtAnswer | KrpcRefusal;
}

/** A question that is answered by an error (BEP 5, "Errors"). */
export interface KrpcRefusal {
  readonly code: number;
  readonly message: string;
}

/**
 * Questions and answers of the DHT over one UDP port. Every packet passes the strict reader before anybody sees it, and
 * the rates as well, but for answers of those that we ask; an answer counts only for the question that was sent to just
 * that address and port.
 */
export class KrpcSocket {
  readonly #parts: KrpcSocketParts;
  readonly #socket: Socket;
  /** A forged source address brings its owner no more answers than this lets through. */
  readonly #rate: StrangersBudget;
  readonly #waiting = new Map<string, Waiting>();
  #isClosed = false;

  constructor(parts: KrpcSocketParts) {
    this.#parts = parts;
    const { packetsPerSecond, packetsAtOnce, packetsPerSecondInAll, hosts } = DHT_LIMITS;
    this.#rate = new StrangersBudget(
      {
        each: { perSecond: packetsPerSecond, burst: packetsAtOnce },
        all: { perSecond: packetsPerSecondInAll, burst: packetsPerSecondInAll },
        hosts,
      },
      parts.now,
    );
    this.#socket = createSocket('udp4');
    this.#socket.on('message', (packet, from) => this.#take(packet, from));
    this.#socket.on('error', () => undefined); // what cannot be sent is not answered; binding tells its errors itself
  }

  /** Begins to take packets. Throws what the system says, or the signal's reason. */
  async bind(host: string, port: number, signal: AbortSignal): Promise<number> {
    signal.throwIfAborted();
    this.#socket.bind(port, host);
    await once(this.#socket, 'listening', { signal }).catch((cause: unknown) => {
      signal.throwIfAborted();
      throw cause;
    });
    return this.#socket.address().port;
  }

  /** Asks a node. Resolves with nothing when it does not answer in time, or by an error. Never rejects. */
  ask(to: PeerAddress, question: DhtQuestion): Promise<KrpcResponse | undefined> {
    const { promise, resolve } = Promise.withResolvers<KrpcResponse | undefined>();
    const transactionId = this.#freeTransaction();
    if (this.#isClosed || !transactionId) return Promise.resolve(undefined);
    const name = nameOf(transactionId);
    const settle = (response: KrpcResponse | undefined): void => {
      clearTimeout(timer);
      this.#waiting.delete(name);
      resolve(response);
    };
    const timer = setTimeout(() => settle(undefined), DHT_LIMITS.questionMs);
    this.#waiting.set(name, { key: formatPeerAddress(to), settle });
    const id = this.#parts.id();
    this.#send({ type: 'query', transactionId, id, readOnly: false, question }, to, () => settle(undefined));
    return promise;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const { settle } of this.#waiting.values()) settle(undefined);
    this.#socket.close();
  }

  #take(packet: Uint8Array, { address: host, port }: RemoteInfo): void {
    const key = formatPeerAddress({ host, port });
    const isExpected = [...this.#waiting.values()].some((waiting) => waiting.key === key);
    if (port === 0 || (!isExpected && !this.#rate.spend(host))) return;
    const message = read(packet);
    if (message?.type === 'query') {
      // Whom we ask may ask us no more often for that: a forged question makes us ask its supposed sender.
      if (!isExpected || this.#rate.spend(host)) this.#answer(message, { host, port });
    } else if (message) {
      const waiting = this.#waiting.get(nameOf(message.transactionId));
      if (waiting?.key === key) waiting.settle(message.type === 'response' ? message : undefined);
    }
  }

  #answer(query: KrpcQuery, from: PeerAddress): void {
    const answer = this.#parts.onQuery(query, from);
    const { transactionId } = query;
    if ('code' in answer) this.#send({ type: 'error', transactionId, ...answer }, from);
    else {
      const id = this.#parts.id();
      this.#send({ type: 'response', transactionId, id, seenAs: from, answer }, from);
    }
  }

  #send(message: KrpcMessage, { host, port }: PeerAddress, failed?: () => void): void {
    if (this.#isClosed) return;
    this.#socket.send(encodeKrpc(message), port, host, (cause) => {
      if (cause) failed?.();
    });
  }

  #freeTransaction(): Uint8Array | undefined {
    if (this.#waiting.size >= DHT_LIMITS.questions) return undefined;
    for (;;) {
      const transactionId = Uint8Array.of(randomInt(256), randomInt(256), randomInt(256), randomInt(256));
      if (!this.#waiting.has(nameOf(transactionId))) return transactionId;
    }
  }
}

function nameOf(transactionId: Uint8Array): string {
  return transactionId.join('.');
}

function read(packet: Uint8Array): KrpcMessage | undefined {
  try {
    return parseKrpc(packet);
  } catch {
    return undefined; // not what a node says: it is passed over, and answered by nothing
  }
}
