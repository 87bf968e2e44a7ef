import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { ClientError } from './errors.ts';
import { CLIENT_LIMITS } from './limits.ts';

export interface HttpRequest {
  readonly method?: 'GET' | 'POST' | 'PUT';
  readonly body?: Uint8Array;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Address to connect from. */
  readonly localAddress?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/**
 * One HTTP request with its whole answer, of at most `maxBytes`, within {@link CLIENT_LIMITS}`.requestSeconds`.
 * Redirects are not followed: a tally has one address. Throws `unreachable` and `too-large`.
 */
export async function fetchWhole(url: URL, maxBytes: number, options: HttpRequest = {}): Promise<HttpAnswer> {
  const timeout = AbortSignal.timeout(CLIENT_LIMITS.requestSeconds * 1000);
  const signal = options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout]);
  try {
    const response = await openAnswer(url, { ...options, signal });
    const body = await readCapped(response, maxBytes, url);
    return { status: response.statusCode ?? 0, headers: response.headers, body };
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof ClientError) throw error;
    const why = timeout.aborted ? `no answer in ${CLIENT_LIMITS.requestSeconds} s` : reasonOf(error);
    throw unreachable(url, why, error);
  }
}

/** Sends a request and waits for the head of its answer only. */
export async function openAnswer(url: URL, options: HttpRequest): Promise<IncomingMessage> {
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  const headers: Record<string, string> = { accept: '*/*', ...options.headers };
  if (options.contentType !== undefined) headers['content-type'] = options.contentType;
  if (options.body !== undefined) headers['content-length'] = String(options.body.length);
  return new Promise((resolve, reject) => {
    const request = send(
      url,
      {
        method: options.method ?? 'GET',
        headers,
        ...(options.localAddress !== undefined && { localAddress: options.localAddress }),
        ...(options.signal !== undefined && { signal: options.signal }),
      },
      resolve,
    );
    request.once('error', reject);
    // An answer that changes the protocol (101) brings neither a response nor an error, only the end.
    request.once('close', () => reject(new Error('it gave no answer')));
    request.end(options.body);
  });
}

/** The `unreachable` error of a request that got no whole answer. */
export function unreachable(url: URL, why: string, cause?: unknown): ClientError {
  return new ClientError(
    'unreachable',
    `the tally at ${url.origin} cannot be reached (${why}): check its address and the network`,
    { cause },
  );
}

/** The short reason of a failed request: its code (ECONNREFUSED) when it has one. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return (error as NodeJS.ErrnoException).code ?? error.message;
}

async function readCapped(response: IncomingMessage, maxBytes: number, url: URL): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) {
      response.destroy();
      throw new ClientError(
        'too-large',
        `the answer of ${url.origin} to ${url.pathname} is longer than ${maxBytes} bytes: no tally gives such a one`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}
