import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

interface Waiting {
  readonly response: ServerResponse;
  readonly begin: () => void;
}

/**
 * Answers the requests of one connection one after another: the next when all of the answer before it was taken. Node begins with
 * whatever a client sends ahead (RFC 9112 §9.3.2), and keeps the answers that have to wait: without turns a client that
 * reads none of them has hundreds of blobs and entry bundles kept. A connection on which more than `most` requests wait is cut.
 */
export class Turns {
  readonly #most: number;
  /** What each connection waits for; the first one is being answered. */
  readonly #lines = new WeakMap<Socket, Waiting[]>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Answers a request when it is its turn. */
  take(request: IncomingMessage, response: ServerResponse, answer: RequestListener): void {
    const { socket } = request;
    const line = this.#lines.get(socket) ?? [];
    this.#lines.set(socket, line);
    if (line.length > this.#most) {
      socket.destroy();
      return;
    }
    line.push({ response, begin: () => answer(request, response) });
    response.once('close', () => {
      line.shift();
      if (!socket.destroyed) line[0]?.begin();
    });
    if (line.length === 1) line[0]?.begin();
  }

  /** Whether nothing is on its way over a connection, into whose middle another answer would fall. */
  isSilent(socket: Socket): boolean {
    return this.#lines.get(socket)?.[0]?.response.headersSent !== true;
  }
}
