import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { PeerId } from '../../bytes/index.ts';
import {
  type AnnounceEvent,
  type AnnounceResponse,
  formatAnnounceUrl,
  parseAnnounceResponse,
  type SwarmHash,
  WireError,
} from '../../wire/index.ts';
import { SwarmError } from '../error.ts';
import { announceByUdp } from './udp-tracker-client.ts';

/** Longest answer of a tracker that is read, and how long it may take. */
const MAXIMUM_ANSWER_BYTES = 1024 * 1024;
const TIMEOUT_MS = 15_000;
const MAXIMUM_REDIRECTS = 3;

/** What a tracker is told (BEP 3). */
export interface Announcement {
  readonly infoHash: SwarmHash;
  readonly peerId: PeerId;
  readonly port: number;
  readonly uploadedBytes: number;
  readonly downloadedBytes: number;
  readonly leftBytes: number;
  readonly event: AnnounceEvent;
  /** A secret by which the tracker knows us when our address changes. */
  readonly key: string;
}

/**
 * Announces to an HTTP, HTTPS or UDP tracker, from a local address of choice. Throws `tracker` when it cannot be reached,
 * answers too much, too late or nonsense, or refuses; its message holds the host but never the path, which may be a
 * secret.
 */
export async function announceTo(
  announceUrl: string,
  announcement: Announcement,
  options: { readonly localAddress?: string | undefined; readonly signal: AbortSignal },
): Promise<AnnounceResponse> {
  const host = URL.canParse(announceUrl) ? new URL(announceUrl).host : 'a tracker';
  if (/^udp:/i.test(announceUrl) && URL.canParse(announceUrl)) {
    return announceByUdp(new URL(announceUrl), announcement, options).catch((cause: unknown) => {
      options.signal.throwIfAborted();
      throw new SwarmError('tracker', `tracker ${host}: ${reasonOf(cause)}`, { cause });
    });
  }
  const numWant = announcement.event === 'stopped' ? 0 : null;
  const url = formatAnnounceUrl(announceUrl, {
    ...announcement,
    numWant,
    compact: true,
    noPeerId: true,
    trackerId: '',
  });
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(TIMEOUT_MS)]);
  try {
    const body = await fetchBody(url, { localAddress: options.localAddress, signal }, MAXIMUM_REDIRECTS);
    return parseAnnounceResponse(body);
  } catch (cause) {
    options.signal.throwIfAborted();
    const why = cause instanceof WireError ? cause.message : reasonOf(cause);
    throw new SwarmError('tracker', `tracker ${host}: ${why}`, { cause });
  }
}

interface FetchOptions {
  readonly localAddress: string | undefined;
  readonly signal: AbortSignal;
}

async function fetchBody(url: string, options: FetchOptions, redirects: number): Promise<Uint8Array> {
  const target = new URL(url);
  if (target.protocol !== 'http:' && target.protocol !== 'https:') {
    throw new Error(`${target.protocol} is not a protocol that is announced by here`);
  }
  const answer = await getOnce(target, options);
  if (answer.location === undefined) return answer.body;
  if (redirects === 0) throw new Error('it redirects too often');
  return fetchBody(new URL(answer.location, target).href, options, redirects - 1);
}

function getOnce(
  url: URL,
  { localAddress, signal }: FetchOptions,
): Promise<{ body: Uint8Array; location?: string }> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    const request = send(url, {
      agent: false,
      headers: { 'user-agent': 'bitquorum/0.1', accept: '*/*', connection: 'close' },
      signal,
      ...(localAddress === undefined ? {} : { localAddress }),
    });
    request.on('error', reject);
    request.on('response', (response) => {
      const status = response.statusCode ?? 0;
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > MAXIMUM_ANSWER_BYTES) request.destroy(new Error('it answers too much'));
        else chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () => {
        const { location } = response.headers;
        if (status >= 300 && status < 400 && location !== undefined)
          resolve({ body: Buffer.alloc(0), location });
        else if (status >= 500 || length === 0) reject(new Error(`it answered with HTTP status ${status}`));
        else resolve({ body: Buffer.concat(chunks) });
      });
    });
    request.end();
  });
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.name === 'TimeoutError' ? `no answer within ${TIMEOUT_MS / 1000} s` : cause.message;
}
