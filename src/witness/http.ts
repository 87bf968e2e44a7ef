import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { type Door, TooManyError } from './door.ts';
import { ConflictError, WitnessError, type WitnessErrorCode } from './errors.ts';
import type { WitnessLimits } from './limits.ts';
import type { WitnessMetrics } from './metrics.ts';
import { readRequestBody } from './request-body.ts';
import type { Witness } from './witness.ts';

export interface HttpParts {
  readonly witness: Witness;
  /** Origins of the logs that are cosigned. */
  readonly origins: readonly string[];
  readonly door: Door;
  readonly limits: WitnessLimits;
  readonly metrics: WitnessMetrics;
  readonly logger: Logger;
  readonly nowMs: () => number;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: Uint8Array | string;
  readonly headers?: Readonly<Record<string, string>>;
}

const TEXT = 'text/plain; charset=utf-8';

/** The HTTP status of each refusal, the only place where the two meet (C2SP tlog-witness; RFC 9110). */
function statusOf(code: WitnessErrorCode): number {
  switch (code) {
    case 'bad-request':
      return 400;
    case 'bad-signature':
      return 403;
    case 'unknown-log':
    case 'not-found':
      return 404;
    case 'wrong-method':
      return 405;
    case 'conflict':
      return 409;
    case 'too-large':
      return 413;
    case 'wrong-encoding':
      return 415;
    case 'inconsistent':
      return 422;
    case 'too-many-requests':
      return 429;
    default:
      return 500;
  }
}

/** Serves a witness: `POST /add-checkpoint`, `GET /<origin hash>/checkpoint`, `GET /metrics`. */
export class WitnessServer {
  readonly #server: Server;
  readonly #parts: HttpParts;
  readonly #origins: ReadonlyMap<string, string>;

  constructor(parts: HttpParts) {
    const { limits, door } = parts;
    this.#parts = parts;
    this.#origins = new Map(
      parts.origins.map((origin) => [createHash('sha256').update(origin).digest('hex'), origin]),
    );
    this.#server = createServer(
      {
        maxHeaderSize: limits.headerBytes,
        headersTimeout: limits.headerTimeoutMs,
        requestTimeout: limits.requestTimeoutMs,
        keepAliveTimeout: limits.keepAliveTimeoutMs,
        connectionsCheckingInterval: Math.max(100, Math.floor(limits.headerTimeoutMs / 5)),
        noDelay: true,
      },
      (request, response) => void this.#serve(request, response),
    );
    this.#server.maxConnections = limits.connections;
    this.#server.setTimeout(limits.requestTimeoutMs + limits.keepAliveTimeoutMs);
    this.#server.on('connection', (socket) => door.admit(socket));
  }

  /** Takes the address; gives the real one. Throws `bad-address`. */
  async listen({ host, port }: { readonly host: string; readonly port: number }): Promise<AddressInfo> {
    try {
      await new Promise<void>((resolve, reject) => {
        this.#server.once('error', reject);
        this.#server.listen({ host, port }, resolve);
      });
    } catch (cause) {
      throw new WitnessError(
        'bad-address',
        `cannot listen on ${host}:${port} (${(cause as Error).message}): give another address or port`,
        { cause },
      );
    }
    return this.#server.address() as AddressInfo;
  }

  /** Takes no more requests, lets those that run end within the grace, then cuts what is left. */
  async close(): Promise<void> {
    const cut = setTimeout(() => this.#server.closeAllConnections(), this.#parts.limits.closeGraceMs);
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeIdleConnections();
    });
    clearTimeout(cut);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let answer: Answer;
    try {
      answer = await this.#answer(request);
    } catch (error) {
      answer = this.#refusal(error);
    }
    this.#parts.metrics.answered(answer.status);
    // A body that was refused is not read to its end: the connection closes behind the answer.
    if (!request.complete) response.setHeader('Connection', 'close');
    const body = Buffer.from(answer.body);
    response.writeHead(answer.status, {
      'Content-Type': answer.type,
      'Content-Length': body.length,
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...answer.headers,
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const { door, nowMs, metrics, witness } = this.#parts;
    door.count(request.socket, nowMs());
    const [path = ''] = (request.url ?? '').split('?');
    if (path === '/add-checkpoint') {
      if (request.method !== 'POST') throw new WitnessError('wrong-method', 'POST a checkpoint here');
      return this.#addCheckpoint(await readBody(request, this.#parts.limits.bodyBytes));
    }
    const origin = this.#origins.get(/^\/([0-9a-f]{64})\/checkpoint$/.exec(path)?.[1] ?? '');
    if (origin === undefined && path !== '/metrics') throw new WitnessError('not-found', 'nothing is here');
    if (request.method !== 'GET' && request.method !== 'HEAD')
      throw new WitnessError('wrong-method', 'GET it');
    if (origin === undefined) return { status: 200, type: metrics.contentType, body: await metrics.text() };
    const body = witness.checkpoint(origin);
    if (body === undefined) throw new WitnessError('not-found', 'no checkpoint of this log was cosigned yet');
    return { status: 200, type: TEXT, body };
  }

  #addCheckpoint(body: Uint8Array): Answer {
    const { origin, size, lines } = this.#parts.witness.addCheckpoint(body);
    this.#parts.metrics.cosigned(origin, size);
    return { status: 200, type: TEXT, body: lines };
  }

  #refusal(error: unknown): Answer {
    if (error instanceof ConflictError) {
      return { status: 409, type: 'text/x.tlog.size', body: `${error.size}\n` };
    }
    const status = error instanceof WitnessError ? statusOf(error.code) : 500;
    if (!(error instanceof WitnessError) || status === 500) {
      this.#parts.logger.error({ err: error }, 'a request failed');
      return {
        status: 500,
        type: TEXT,
        body: 'the witness failed; its operator finds the reason in its log\n',
      };
    }
    return { status, type: TEXT, body: `${error.message}\n`, headers: headersOf(error) };
  }
}

function headersOf(error: WitnessError): Record<string, string> {
  if (error instanceof TooManyError) return { 'Retry-After': String(error.retryAfterSeconds) };
  if (error.code === 'wrong-method')
    return { Allow: error.message.startsWith('POST') ? 'POST' : 'GET, HEAD' };
  return {};
}

/** A body of at most `limit` bytes, as it was sent. Throws `too-large`, `wrong-encoding`, `bad-request`. */
function readBody(request: IncomingMessage, limit: number): Promise<Uint8Array> {
  return readRequestBody(request, limit, (fault) => {
    switch (fault) {
      case 'too-large':
        return new WitnessError('too-large', `a body has at most ${limit} bytes here`);
      case 'encoded':
        return new WitnessError('wrong-encoding', 'send the body as it is, without Content-Encoding');
      case 'broken-off':
        return new WitnessError('bad-request', 'the body broke off');
    }
  });
}
