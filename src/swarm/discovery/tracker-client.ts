import type { PeerId } from '../../bytes/index.ts';
import {
  type AnnounceEvent,
  type AnnounceResponse,
  formatAnnounceUrl,
  type PeerAddress,
  parseAnnounceResponse,
  type SwarmHash,
} from '../../wire/index.ts';
import { isWithin, type Reach, reachFrom } from '../connection/address-policy.ts';
import { type HttpGetOptions, httpGet, readBody } from '../connection/http-get.ts';
import { firstOfEach, resolveHost } from '../connection/resolve.ts';
import { SwarmError } from '../error.ts';
import { overFamilies } from './both-families.ts';
import { announceByUdp } from './udp-tracker-client.ts';

/** Longest answer of a tracker that is read, and how long it may take. */
const MAXIMUM_ANSWER_BYTES = 1024 * 1024;
const TIMEOUT_MS = 15_000;
/** Most peers that are taken out of one answer. */
const MAXIMUM_PEERS = 500;

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

export interface AnnounceOptions {
  /** How near to us the tracker may be. */
  readonly reach: Reach;
  readonly localAddress?: string | undefined;
  readonly signal: AbortSignal;
  readonly agents?: HttpGetOptions['agents'];
}

/** What a tracker says. */
export interface Announced {
  readonly intervalSeconds: number;
  readonly minIntervalSeconds?: number;
  /** Peers that lie no nearer to us than the tracker itself. */
  readonly peers: readonly PeerAddress[];
}

/**
 * Announces to an HTTP, HTTPS or UDP tracker, from a local address of choice. Throws `tracker` when it cannot be reached,
 * answers too much, too late or nonsense, or refuses; its message holds the host but never the path, which may be a
 * secret. Throws the signal's reason.
 */
export async function announceTo(
  announceUrl: string,
  announcement: Announcement,
  options: AnnounceOptions,
): Promise<Announced> {
  const url = URL.parse(announceUrl);
  try {
    if (!url) throw new Error('it has no URL');
    return await (url.protocol === 'udp:'
      ? byUdp(url, announcement, options)
      : byHttp(announceUrl, announcement, options));
  } catch (cause) {
    options.signal.throwIfAborted();
    throw new SwarmError('tracker', `tracker ${url?.host ?? ''}: ${reasonOf(cause)}`, { cause });
  }
}

async function byHttp(
  announceUrl: string,
  announcement: Announcement,
  options: AnnounceOptions,
): Promise<Announced> {
  const { hostname: host, port, protocol } = new URL(announceUrl);
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(TIMEOUT_MS)]);
  const place = { host, port: Number(port || (protocol === 'https:' ? 443 : 80)) };
  const addresses = firstOfEach(await resolveHost(place, { ...options, signal }));
  return inAll(
    await overFamilies(addresses, signal, ({ family }, each) =>
      byHttpOver(family, announceUrl, announcement, { ...options, signal: each }),
    ),
  );
}

async function byHttpOver(
  family: 4 | 6,
  announceUrl: string,
  announcement: Announcement,
  options: AnnounceOptions,
): Promise<Announced> {
  const numWant = announcement.event === 'stopped' ? 0 : null;
  const request = { ...announcement, numWant, compact: true, noPeerId: true, trackerId: '' };
  const answer = await httpGet(formatAnnounceUrl(announceUrl, request), {
    ...options,
    family,
    silenceMs: TIMEOUT_MS,
  });
  const body = await readBody(answer, MAXIMUM_ANSWER_BYTES);
  if (answer.status >= 500 || body.length === 0)
    throw new Error(`it answered with HTTP status ${answer.status}`);
  const response = parseAnnounceResponse(body);
  const { intervalSeconds, minIntervalSeconds } = response;
  return {
    intervalSeconds,
    ...(minIntervalSeconds !== undefined && { minIntervalSeconds }),
    peers: usablePeers(response, answer.host),
  };
}

async function byUdp(url: URL, announcement: Announcement, options: AnnounceOptions): Promise<Announced> {
  const answers = await announceByUdp(url, announcement, options);
  return inAll(
    answers.map(({ response, host }) => {
      return { intervalSeconds: response.intervalSeconds, peers: usablePeers(response, host) };
    }),
  );
}

/** What a tracker said over both families: the longer of its intervals, and the peers of both. */
function inAll(answers: readonly Announced[]): Announced {
  const least = answers.flatMap(({ minIntervalSeconds }) => minIntervalSeconds ?? []);
  return {
    intervalSeconds: Math.max(...answers.map(({ intervalSeconds }) => intervalSeconds)),
    ...(least.length > 0 && { minIntervalSeconds: Math.max(...least) }),
    peers: answers.flatMap(({ peers }) => peers),
  };
}

function usablePeers({ peers }: AnnounceResponse, trackerHost: string): PeerAddress[] {
  const reach = reachFrom(trackerHost);
  const usable: PeerAddress[] = [];
  for (const { host, port } of peers) {
    if (usable.length === MAXIMUM_PEERS) break;
    if (isWithin(host, reach)) usable.push({ host, port });
  }
  return usable;
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.name === 'TimeoutError' ? `no answer within ${TIMEOUT_MS / 1000} s` : cause.message;
}
