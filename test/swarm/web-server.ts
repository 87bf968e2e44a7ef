import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { Tree } from './content.ts';

/** One request that came. */
export interface Asked {
  /** Decoded. */
  readonly path: string;
  readonly first: number;
  readonly last: number;
}

export interface Hit extends Asked {
  /** All of the file; what `serve` sends is taken from here. */
  bytes: Buffer;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Answers as an honest server does. */
  serve(): void;
}

export interface WebServer {
  readonly origin: string;
  readonly asked: Asked[];
  /** Connections that were made. */
  connections: number;
}

/**
 * A web server on a loopback address that has a tree's files under `/content/…` (or `/content` for a single file) and
 * knows ranges; `answer` may do otherwise.
 */
export async function startWebServer(
  context: TestContext,
  tree: Tree,
  answer: (hit: Hit) => void = (hit) => hit.serve(),
  host = '127.0.0.1',
): Promise<WebServer> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://host').pathname);
    const bytes = tree[path.replace(/^\/content\/?/, '')];
    if (bytes === undefined || !path.startsWith('/content')) {
      asked.push({ path, first: 0, last: 0 });
      response.writeHead(404).end('no such file');
      return;
    }
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    const first = Number(range?.[1] ?? 0);
    const last = Math.min(Number(range?.[2] ?? bytes.length - 1), bytes.length - 1);
    asked.push({ path, first, last });
    const serve = (): void => {
      response.writeHead(206, {
        'content-range': `bytes ${first}-${last}/${bytes.length}`,
        'content-length': last - first + 1,
      });
      response.end(hit.bytes.subarray(first, last + 1));
    };
    const hit: Hit = { path, first, last, bytes, request, response, serve };
    answer(hit);
  });
  const web = { origin: '', asked, connections: 0 };
  server.on('connection', () => {
    web.connections += 1;
  });
  server.listen(0, host);
  await once(server, 'listening');
  web.origin = `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`;
  context.after(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return web;
}
