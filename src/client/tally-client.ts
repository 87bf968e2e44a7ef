import { createHash } from 'node:crypto';
import type * as z from 'zod';
import { issueWords, printable } from '../bytes/index.ts';
import { PROOF_BUNDLE_LIMITS } from '../log/index.ts';
import { formatTilePath, HASH_BYTES, type HashTile, tileWidthAt } from '../merkle/index.ts';
import { problemAnswer, type Receipt, type ReleaseExtras, receiptAnswer, releaseAnswer } from './answers.ts';
import { ClientError, RefusedError } from './errors.ts';
import { readEvents, type TallyEvent } from './events.ts';
import { fetchWhole, type HttpAnswer, type HttpRequest } from './http.ts';
import { CLIENT_LIMITS } from './limits.ts';

export interface TallyClientOptions {
  /** Address to connect from (a builder announces and submits from its own). */
  readonly localAddress?: string;
}

type CallOptions = Pick<HttpRequest, 'signal'>;

/**
 * The HTTP interface of one tally (docs/protocol.md, "HTTP"). It only carries: what comes back is checked by form
 * and size here, and by signature and hash by whoever asked. Errors: `unreachable`, `too-large`, `bad-answer`,
 * and {@link RefusedError} for the tally's own refusals.
 *
 * @example
 * const client = new TallyClient('http://127.0.0.1:8080');
 * const { index } = await client.submit(signStatement(statement, [signer]));
 */
export class TallyClient {
  /** The tally's address, with a final slash. */
  readonly base: URL;
  readonly #localAddress: string | undefined;

  constructor(base: string | URL, options: TallyClientOptions = {}) {
    this.base = parseBase(base);
    this.#localAddress = options.localAddress;
  }

  /** Logs an envelope. Resolves once it is durable; a duplicate gets the first one's index. */
  async submit(envelope: Uint8Array, { signal }: CallOptions = {}): Promise<Receipt> {
    const request = { method: 'POST', body: envelope, contentType: 'application/json', signal } as const;
    return this.#json('api/v1/entries', receiptAnswer, request);
  }

  /** Who seeds a release now, and its magnet links. */
  async release(digest: string, { signal }: CallOptions = {}): Promise<ReleaseExtras> {
    return this.#json(`api/v1/releases/${encodeURIComponent(digest)}`, releaseAnswer, { signal });
  }

  /** The signed note of the newest checkpoint, as bytes. */
  async checkpoint({ signal }: CallOptions = {}): Promise<Uint8Array> {
    return (await this.#get('checkpoint', CLIENT_LIMITS.checkpointBytes, { signal })).body;
  }

  /** The `index`-th entry bundle as a log of `size` entries has it (C2SP tlog-tiles). */
  async entryBundle(index: number, size: number, { signal }: CallOptions = {}): Promise<Uint8Array> {
    const path = formatTilePath({ level: 'entries', index, width: tileWidthAt('entries', index, size) });
    return (await this.#get(path, CLIENT_LIMITS.bundleBytes, { signal })).body;
  }

  /** A tile of the log's tree, its hashes one after another (C2SP tlog-tiles). */
  async tile(tile: HashTile, { signal }: CallOptions = {}): Promise<Uint8Array> {
    return (await this.#get(formatTilePath(tile), tile.width * HASH_BYTES, { signal })).body;
  }

  /** The `.bitquorum-proof` of a release, by its digest (64 hex digits) or its package URL. */
  async proof(name: string, { signal }: CallOptions = {}): Promise<Uint8Array> {
    const isDigest = /^[0-9a-f]{64}$/.test(name);
    const path = isDigest
      ? `api/v1/releases/${name}/proof`
      : `api/v1/proof?package=${encodeURIComponent(name)}`;
    return (await this.#get(path, PROOF_BUNDLE_LIMITS.bytes, { signal })).body;
  }

  /** Gives a monitor's signature of a `state` entry: a signed note (docs/protocol.md, "Monitors"). */
  async putStateSignature(index: number, note: Uint8Array, { signal }: CallOptions = {}): Promise<void> {
    const request = { method: 'POST', body: note, contentType: 'text/plain; charset=utf-8', signal } as const;
    await this.#call(`api/v1/states/${index}/signatures`, CLIENT_LIMITS.jsonBytes, request);
  }

  /** A blob by its SHA-256 (hex), verified. Throws `mismatch` when the bytes are others. */
  async blob(sha256: string, { signal }: CallOptions = {}): Promise<Uint8Array> {
    const { body } = await this.#get(`blob/${sha256}`, CLIENT_LIMITS.blobBytes, { signal });
    const digest = createHash('sha256').update(body).digest('hex');
    if (digest === sha256) return body;
    throw new ClientError(
      'mismatch',
      `the tally gave a blob of SHA-256 ${digest} for ${sha256}: do not use it`,
    );
  }

  /** Stores a blob under its SHA-256; an entry must name it already. */
  async putBlob(bytes: Uint8Array, { signal }: CallOptions = {}): Promise<void> {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const contentType = 'application/octet-stream';
    await this.#call(`blob/${sha256}`, CLIENT_LIMITS.jsonBytes, {
      method: 'PUT',
      body: bytes,
      contentType,
      signal,
    });
  }

  /**
   * The tally's events as they come, until `signal` aborts or the stream breaks (then it throws `unreachable`).
   * They are hints: what they tell of is read from the log.
   */
  async *events(signal: AbortSignal): AsyncGenerator<TallyEvent> {
    yield* readEvents(new URL('api/v1/events', this.base), { signal, localAddress: this.#localAddress });
  }

  async #json<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    request: HttpRequest,
  ): Promise<z.output<Schema>> {
    const { body } = await this.#call(path, CLIENT_LIMITS.jsonBytes, request);
    const parsed = schema.safeParse(parseJson(body));
    if (parsed.success) return parsed.data;
    throw new ClientError(
      'bad-answer',
      `the tally at ${this.base.origin} gave no valid answer to /${path} (${issueWords(parsed.error.issues)})`,
    );
  }

  async #get(path: string, maxBytes: number, request: HttpRequest): Promise<HttpAnswer> {
    return this.#call(path, maxBytes, request);
  }

  async #call(path: string, maxBytes: number, request: HttpRequest): Promise<HttpAnswer> {
    const url = new URL(path, this.base);
    const answer = await fetchWhole(url, maxBytes, { ...request, localAddress: this.#localAddress });
    if (answer.status >= 200 && answer.status < 300) {
      if (!answer.headers['content-type']?.startsWith('text/html')) return answer;
      throw new ClientError(
        'bad-answer',
        `${url.origin} answers ${url.pathname} with a web page: is it a tally's address, or does the network want you to log in?`,
      );
    }
    throw refusalOf(url, answer);
  }
}

function parseBase(base: string | URL): URL {
  const text = String(base);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new ClientError(
      'no-tally-url',
      `${JSON.stringify(text)} is no tally's address: give http(s)://HOST[:PORT]`,
    );
  }
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  url.search = '';
  url.hash = '';
  return url;
}

function refusalOf(url: URL, { status, headers, body }: HttpAnswer): RefusedError {
  const isProblem = headers['content-type']?.startsWith('application/problem+json') ?? false;
  const parsed = isProblem ? problemAnswer.safeParse(parseJson(body)) : undefined;
  const { title = '', detail = '', code = '' } = parsed?.success === true ? parsed.data : {};
  const words = printable(detail || title) || `HTTP status ${status}`;
  const retryAfter = Number(headers['retry-after']);
  const isElsewhere = status >= 300 && status < 400 && headers.location !== undefined;
  const where = isElsewhere
    ? ` (it leads to ${printable(headers.location ?? '')}, which is not followed: give that tally's address if you mean it)`
    : '';
  return new RefusedError(
    status === 404 ? 'not-found' : 'refused',
    `the tally at ${url.origin} refused ${url.pathname}: ${words}${where}`,
    {
      status,
      problem: code,
      ...(Number.isFinite(retryAfter) && { retryAfterSeconds: retryAfter }),
    },
  );
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    return undefined; // refused by the schema right after
  }
}
