import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { addressBytes, addressGroup, addressText } from '../address.ts';
import { ServiceError } from '../errors.ts';
import type { ServiceLimits } from '../limits.ts';
import { Turns } from './turns.ts';
import { answerToUnread } from './unread.ts';

export interface Listen {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

/** The HTTP server with its bounds; it owns its sockets until {@link close}. */
export class HttpServer {
  readonly #server: Server;
  readonly #limits: ServiceLimits;
  readonly #proxies: ReadonlySet<string>;
  readonly #turns: Turns;
  readonly #perAddress = new Map<string, number>();

  /** One address may hold `connectionsPerAddress`, but for those of `proxies`, which many share: that is theirs to see to. */
  constructor(limits: ServiceLimits, proxies: readonly string[]) {
    this.#limits = limits;
    this.#proxies = new Set(proxies.map((proxy) => addressText(addressBytes(proxy))));
    this.#turns = new Turns(limits.requestsAhead);
    this.#server = createServer({
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headerTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      connectionsCheckingInterval: Math.max(100, Math.floor(limits.headerTimeoutMs / 5)),
      noDelay: true,
    });
    this.#server.maxConnections = limits.connections;
    this.#server.setTimeout(limits.idleTimeoutMs);
    this.#server.on('connection', (socket) => this.#admit(socket));
    this.#server.on('clientError', (error, socket) => this.#refuse(error, socket as Socket));
  }

  /** Sets who answers. Connections that came before wait for it. */
  answer(listener: RequestListener): void {
    const take: RequestListener = (request, response) => this.#turns.take(request, response, listener);
    this.#server.on('request', take);
    this.#server.on('checkExpectation', take); // whatever is expected (RFC 9110 §10.1.1), it gets an answer
  }

  /**
   * Takes the address; gives the real port. Call {@link answer} at once after it, before the next turn of the event
   * loop brings requests. Throws `bad-address`.
   */
  async bind({ host, port }: Listen): Promise<{ host: string; port: number }> {
    try {
      await new Promise<void>((resolve, reject) => {
        this.#server.once('error', reject);
        this.#server.listen({ host, port }, () => {
          this.#server.off('error', reject);
          resolve();
        });
      });
    } catch (cause) {
      throw new ServiceError(
        'bad-address',
        `cannot listen on ${host}:${port} (${(cause as Error).message}): give another address or port`,
        { cause },
      );
    }
    const address = this.#server.address() as AddressInfo;
    return { host: address.address, port: address.port };
  }

  /** Takes no more requests, lets those that run end within the grace, then cuts what is left. */
  async close(): Promise<void> {
    const cut = setTimeout(() => this.#server.closeAllConnections(), this.#limits.closeGraceMs);
    try {
      await new Promise<void>((resolve) => {
        this.#server.close(() => resolve());
        this.#server.closeIdleConnections();
      });
    } finally {
      clearTimeout(cut);
    }
  }

  /** Ends a connection whose request could not be read: with a problem, unless that would fall into another answer. */
  #refuse(error: NodeJS.ErrnoException, socket: Socket): void {
    if (!socket.writable || !this.#turns.isSilent(socket)) {
      socket.destroy();
      return;
    }
    socket.end(answerToUnread(error.code), () => socket.destroy());
  }

  #admit(socket: Socket): void {
    const { remoteAddress } = socket;
    if (remoteAddress === undefined) {
      socket.destroy();
      return;
    }
    const address = addressBytes(remoteAddress);
    if (this.#proxies.has(addressText(address))) return;
    const group = addressGroup(address);
    const count = (this.#perAddress.get(group) ?? 0) + 1;
    this.#perAddress.set(group, count);
    socket.once('close', () => {
      const left = (this.#perAddress.get(group) ?? 1) - 1;
      if (left === 0) this.#perAddress.delete(group);
      else this.#perAddress.set(group, left);
    });
    if (count > this.#limits.connectionsPerAddress) socket.destroy();
  }
}
