import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import type { ReleaseDetail, ReleasePage, ReleaseSummary } from '../../../web/src/api/types.ts';
import type { FixtureLog } from './fixture-log.ts';
import { type World, worldOf } from './world.ts';

const DIST = join(import.meta.dirname, '../../../web/dist');
const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};
/** The policy that the service sends (`src/service/http/security-headers.ts`), without its data images. */
const CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Serves the built dashboard and a log on loopback, under the strict policy, as the tally would. */
export class FixtureServer implements AsyncDisposable {
  readonly log: FixtureLog;
  /** Changes what the API says: a hostile or broken tally. */
  meddle: (world: World) => World = (world) => world;
  /** Changes what the log's own files hold. */
  meddleFile: (path: string, bytes: Uint8Array) => Uint8Array = (_path, bytes) => bytes;
  /** Releases in one answer. */
  pageSize = 100;
  readonly #listeners = new Set<ServerResponse>();
  readonly #server = createServer((request, response) => {
    response.setHeader('content-security-policy', CSP);
    this.#answer(new URL(request.url ?? '/', 'http://fixture'), response);
  });

  constructor(log: FixtureLog) {
    this.log = log;
  }

  /** What the API says now. */
  get world(): World {
    return this.meddle(worldOf(this.log));
  }

  /** Begins to listen; resolves to the address. */
  async listen(port = 0): Promise<string> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Sends a server-sent event to every page that listens. */
  send(event: string, data: unknown): void {
    for (const listener of this.#listeners) {
      listener.write(`event: ${event}\nid: ${this.log.entries.length}\ndata: ${JSON.stringify(data)}\n\n`);
    }
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

  #answer({ pathname: path, searchParams }: URL, response: ServerResponse): void {
    if (path === '/checkpoint') response.end(this.meddleFile(path, this.log.checkpoint()));
    else if (path.startsWith('/tile/')) response.end(this.meddleFile(path, this.log.bundle(path.slice(1))));
    else if (path === '/api/v1/events') this.#listen(response);
    else if (path === '/api/v1/releases')
      sendJson(response, 200, this.#pageBefore(searchParams.get('before')));
    else if (path.startsWith('/api/v1/')) this.#answerJson(path, response);
    else if (/^\/(assets\/[\w.-]+|[\w-]+\.svg)$/.test(path)) sendFile(path, response);
    else if (path === '/' || path.startsWith('/release/')) sendFile('/index.html', response);
    else sendJson(response, 404, { title: 'Not found', status: 404, detail: `${path} is not here` });
  }

  #pageBefore(place: string | null): ReleasePage {
    const { releases } = this.world;
    const to = place === null ? releases.length : Number(place);
    const from = Math.max(0, to - this.pageSize);
    return { releases: releases.slice(from, to).map(summaryOf), before: from > 0 ? from : null };
  }

  #answerJson(path: string, response: ServerResponse): void {
    const { status, releases } = this.world;
    const known: Record<string, unknown> = {
      '/api/v1/status': status,
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

/** What the list leaves out, as the service does. */
function summaryOf(release: ReleaseDetail): ReleaseSummary {
  const { builders: _builders, recipe: _recipe, sources: _sources, ...summary } = release;
  const { seeders: _seeders, magnets: _magnets, ...kept } = summary;
  return kept;
}
