import {
  type Agent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as requestHttp,
} from 'node:http';
import { request as requestHttps } from 'node:https';
import { lookupWithin, mustBeWithin, type Reach, reachFrom } from './address-policy.ts';

const MAXIMUM_REDIRECTS = 3;
const MAXIMUM_HEADER_BYTES = 16 * 1024;
const USER_AGENT = 'bitquorum/0.1';

export interface HttpGetOptions {
  /** How near to us the URL may lead; each redirect may lead as near as the server that sent it stands. */
  readonly reach: Reach;
  readonly signal: AbortSignal;
  /** Address that the connection goes out from. */
  readonly localAddress?: string | undefined;
  /** Connects over IPv4 or IPv6 only, but for redirects. Default: over whichever of them answers. */
  readonly family?: 4 | 6 | undefined;
  /** Bytes of the file that are asked for, both included. Whether they come (206) is for the caller to look at. */
  readonly range?: { readonly first: number; readonly last: number };
  /** How long the server may be silent, before its answer's head and inside its body. */
  readonly silenceMs: number;
  /** Keeps connections for later requests of the same reach; without it each request has its own. */
  readonly agents?: { of(protocol: string, reach: Reach): Agent } | undefined;
}

/** The head of an answer, whose body is still to be read. */
export interface HttpAnswer {
  /** Where it came from in the end. */
  readonly url: URL;
  /** The address of that server. */
  readonly host: string;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The body, as it comes. Whoever does not read it to its end must call {@link HttpAnswer.drop}. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Ends the connection. */
  drop(): void;
}

/**
 * Sends a GET request to a server that a stranger may have named, and follows at most three redirects. Every address is
 * judged after its name was resolved, as it is connected to. Throws `refused-address` when it is out of reach, the
 * signal's reason, or an `Error` that says why there is no answer.
 */
export async function httpGet(url: string, options: HttpGetOptions): Promise<HttpAnswer> {
  let target = new URL(url);
  let { reach, family } = options;
  for (let redirects = 0; ; redirects += 1) {
    const answer = await getOnce(target, { ...options, reach, family });
    const { location } = answer.headers;
    if (answer.status < 300 || answer.status >= 400 || location === undefined) return answer;
    answer.drop();
    if (redirects === MAXIMUM_REDIRECTS) throw new Error('it redirects too often');
    if (!URL.canParse(location, target)) throw new Error('it redirects to nowhere');
    target = new URL(location, target);
    reach = reachFrom(answer.host);
    family = undefined;
  }
}

/** The whole body of an answer. Throws an `Error` when it is longer than `maxBytes`, and ends the connection. */
export async function readBody(answer: HttpAnswer, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of answer.body) {
    length += chunk.length;
    if (length > maxBytes) {
      answer.drop();
      throw new Error('it answers too much');
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

async function getOnce(url: URL, options: HttpGetOptions): Promise<HttpAnswer> {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new Error(`${url.protocol} is not a protocol that is fetched by here`);
  }
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  mustBeWithin({ host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port }, options.reach);
  const { response, host } = await send(url, options).catch((cause: unknown) => {
    // A kept connection that the server closed just then: the request never reached it.
    if (cause instanceof StaleConnection) return send(url, options);
    throw cause;
  });
  return {
    url,
    host,
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: response as AsyncIterable<Uint8Array>,
    drop: () => response.destroy(),
  };
}

class StaleConnection extends Error {}

function send(
  url: URL,
  { reach, signal, localAddress, family, range, silenceMs, agents }: HttpGetOptions,
): Promise<{ readonly response: IncomingMessage; readonly host: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ response: IncomingMessage; host: string }>();
  const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, {
    agent: agents?.of(url.protocol, reach) ?? false,
    headers: {
      'user-agent': USER_AGENT,
      accept: '*/*',
      'accept-encoding': 'identity',
      connection: agents ? 'keep-alive' : 'close',
      ...(range && { range: `bytes=${range.first}-${range.last}` }),
    },
    lookup: lookupWithin(reach),
    maxHeaderSize: MAXIMUM_HEADER_BYTES,
    signal,
    timeout: silenceMs,
    ...(localAddress !== undefined && { localAddress }),
    ...(family !== undefined && { family }),
  });
  request.on('timeout', () => request.destroy(new Error(`it was silent for ${silenceMs / 1000} s`)));
  request.on('error', (cause: NodeJS.ErrnoException) => {
    if (signal.aborted) reject(signal.reason as Error);
    else
      reject(
        request.reusedSocket && cause.code === 'ECONNRESET' ? new StaleConnection(cause.message) : cause,
      );
  });
  // An answer that changes the protocol (101) brings neither a response nor an error, only the end.
  request.on('close', () =>
    reject(signal.aborted ? (signal.reason as Error) : new Error('it gave no answer')),
  );
  request.on('response', (response) => {
    response.on('error', () => undefined); // whoever reads the body hears of it there
    resolve({ response, host: response.socket.remoteAddress ?? '' });
  });
  request.end();
  return promise;
}
