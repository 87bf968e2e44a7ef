import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import type { World } from './world.ts';

const DIST = join(import.meta.dirname, '../../../web/dist');
const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};
const CSP =
  "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'";

/** Serves the built dashboard and a world of the test's choosing, on loopback, under the strict policy. */
export class FixtureServer implements AsyncDisposable {
  readonly world: World;
  /** Answers by path that come before the world's own: the log's checkpoint and tiles. */
  readonly files = new Map<string, Uint8Array>();
  readonly #listeners = new Set<ServerResponse>();
  readonly #server = createServer((request, response) => {
    response.setHeader('content-security-policy', CSP);
    this.#answer(new URL(request.url ?? '/', 'http://fixture').pathname, response);
  });

  constructor(world: World) {
    this.world = world;
  }

  /** Begins to listen; resolves to the address. */
  async listen(port = 0): Promise<string> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Sends a server-sent event to every page that listens. */
  send(event: string, data: unknown): void {
    for (const listener of this.#listeners)
      listener.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /** How many pages listen for events. */
  get listeners(): number {
    return this.#listeners.size;
  }

  /** Ends the pages' event streams, as a restart of the tally does. */
  dropListeners(): void {
    for (const listener of this.#listeners) listener.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  #answer(path: string, response: ServerResponse): void {
    const file = this.files.get(path);
    if (file) {
      response.end(file);
      return;
    }
    if (path === '/api/v1/events') this.#listen(response);
    else if (path.startsWith('/api/v1/')) this.#answerJson(path, response);
    else if (/^\/(assets\/[\w.-]+|[\w-]+\.svg)$/.test(path)) sendFile(path, response);
    else if (path === '/' || path.startsWith('/release/')) sendFile('/index.html', response);
    else sendJson(response, 404, { title: 'Not found', status: 404, detail: `${path} is not here` });
  }

  #answerJson(path: string, response: ServerResponse): void {
    const { status, builders, releases } = this.world;
    const known: Record<string, unknown> = {
      '/api/v1/status': status,
      '/api/v1/builders': { builders },
      '/api/v1/releases': { releases },
    };
    const release = releases.find((each) => path === `/api/v1/releases/${each.digest}`);
    const body = known[path] ?? release;
    if (body === undefined)
      sendJson(response, 404, { title: 'Not found', status: 404, detail: 'no such release' });
    else sendJson(response, 200, body);
  }

  #listen(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write('retry: 200\n\n');
    this.#listeners.add(response);
    response.on('close', () => this.#listeners.delete(response));
  }
}

function sendFile(path: string, response: ServerResponse): void {
  response.setHeader('content-type', TYPES[extname(path)] ?? 'application/octet-stream');
  response.end(readFileSync(join(DIST, path)));
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
