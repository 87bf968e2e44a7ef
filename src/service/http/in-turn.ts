import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Answers the requests of one connection one after another: the next when all of the answer before it was taken. Node begins with
 * whatever a client sends ahead (RFC 9112 §9.3.2), and keeps the answers that have to wait: without turns a client that
 * reads none of them has hundreds of blobs and entry bundles kept. A connection on which more than `most` requests wait is cut.
 */
export function inTurn(answer: RequestListener, most: number): RequestListener {
  const lines = new WeakMap<Socket, (() => void)[]>();
  return (request, response) => {
    const { socket } = request;
    const line = lines.get(socket) ?? [];
    lines.set(socket, line);
    if (line.length > most) {
      socket.destroy();
      return;
    }
    line.push(() => answer(request, response));
    response.once('close', () => {
      line.shift();
      if (!socket.destroyed) line[0]?.();
    });
    if (line.length === 1) line[0]?.();
  };
}
