import type { Request, Response, Router } from 'express';
import { CodedError, toHex } from '../../bytes/index.ts';
import {
  encodeAnnounceResponse,
  encodeScrapeResponse,
  encodeTrackerFailure,
  type PeerForm,
  parseAnnounceQuery,
  parseScrapeQuery,
  type TrackedPeer,
} from '../../wire/index.ts';
import { type AddressBytes, addressGroup, addressText } from '../address.ts';
import type { BuilderSeed, StrangerSeed } from '../core.ts';
import { ServiceError } from '../errors.ts';
import type { ClientAddress } from '../http/client-address.ts';
import { exactRouter } from '../http/router.ts';
import type { TrackerLimits } from '../limits.ts';
import type { RateLimiter } from '../rate-limit.ts';
import type { Announced, AnnounceStore } from '../tracker/announce-store.ts';
import type { Peer } from '../tracker/swarm-peers.ts';

/** What the tracker asks the rest of the service. */
export interface TrackerContext {
  readonly store: AnnounceStore;
  readonly limits: TrackerLimits;
  readonly limiter: RateLimiter;
  readonly addressOf: ClientAddress;
  readonly nowMs: () => number;
  /** The builder whose announce URL has this token. */
  readonly builderOf: (token: string) => string | undefined;
  /** Whether an audit of a builder for an infohash (40 hex digits, either version) is in the log. */
  readonly isAudited: (builder: string, infoHash: string) => boolean;
  /** Takes note of a builder that seeds; answers whether a vote of it waits for the audit there. */
  readonly onBuilderSeeds: (seed: BuilderSeed) => boolean;
  /** Takes note of a seeder that came by the URL for anyone; answers the same. */
  readonly onStrangerSeeds: (seed: StrangerSeed) => boolean;
}

/**
 * The HTTP tracker (BEP 3, 7, 23, 48). A refusal is a bencoded failure reason with status 200, as torrent clients
 * expect. It is the one place where a GET changes something, as the protocol wants; what it changes is only where
 * the asking address itself is listed. `ip=` is not read.
 */
export function trackerRoutes(context: TrackerContext): Router {
  const router = exactRouter();
  const announce = (request: Request, response: Response): void => {
    reply(response, () => answerAnnounce(context, request, tokenOf(request)));
  };
  router.get('/announce', announce);
  router.get('/announce/:token', announce);
  router.get('/scrape', (request, response) => {
    reply(response, () => {
      takeToken(context, request);
      const hashes = parseScrapeQuery(queryOf(request));
      return encodeScrapeResponse(hashes.map((hash) => [hash, context.store.counts(toHex(hash))] as const));
    });
  });
  return router;
}

function answerAnnounce(context: TrackerContext, request: Request, token: string | null): Uint8Array {
  const address = takeToken(context, request);
  const builder = token === null ? null : builderOf(context, token);
  const asked = parseAnnounceQuery(queryOf(request));
  const infoHash = toHex(asked.infoHash);
  const seeding = asked.leftBytes === 0;
  const announced = context.store.announce({
    infoHash,
    address,
    port: asked.port,
    peerId: asked.peerId,
    clientKey: asked.key,
    seeding,
    event: asked.event,
    wanted: asked.numWant ?? context.limits.defaultWanted,
    builder,
    audited: builder !== null && seeding && context.isAudited(builder, infoHash),
    timeMs: context.nowMs(),
  });
  const { port } = asked;
  const seeds = seeding && asked.event !== 'stopped';
  const awaited =
    seeds &&
    (builder === null
      ? context.onStrangerSeeds({ infoHash, address, port })
      : context.onBuilderSeeds({ builder, infoHash, host: addressText(address), port }));
  const { minIntervalSeconds, intervalSeconds } = context.limits;
  // An audit that fails is tried again at the next announce: that of a vote must not be long in coming.
  return encodeAnnounce(
    announced,
    awaited ? minIntervalSeconds : intervalSeconds,
    minIntervalSeconds,
    formOf(asked),
  );
}

function encodeAnnounce(
  announced: Announced,
  intervalSeconds: number,
  minIntervalSeconds: number,
  form: PeerForm,
): Uint8Array {
  return encodeAnnounceResponse(
    {
      intervalSeconds,
      minIntervalSeconds,
      complete: announced.counts.complete,
      incomplete: announced.counts.incomplete,
      peers: announced.peers.map(trackedPeer),
      ...(announced.refused === null ? {} : { warning: `you are not listed: ${announced.refused}` }),
    },
    form,
  );
}

function builderOf(context: TrackerContext, token: string): string {
  const builder = context.builderOf(token);
  if (builder === undefined) {
    throw new ServiceError('refused', 'this announce URL is no builder’s that this tally knows');
  }
  return builder;
}

/** Counts the request against its address's rate; gives the address. */
function takeToken({ limiter, addressOf, nowMs }: TrackerContext, request: Request): AddressBytes {
  const address = addressOf(request);
  const waitSeconds = limiter.take(addressGroup(address), 'announce', nowMs());
  if (waitSeconds > 0) {
    throw new ServiceError('too-many-requests', `your address announces too often; wait ${waitSeconds} s`);
  }
  return address;
}

function reply(response: Response, answer: () => Uint8Array): void {
  let body: Uint8Array;
  try {
    body = answer();
  } catch (error) {
    if (!(error instanceof CodedError) || error.code === 'internal') throw error;
    body = encodeTrackerFailure(error.message);
  }
  response.set('Content-Type', 'text/plain').set('Cache-Control', 'no-store').end(body);
}

function trackedPeer(peer: Peer): TrackedPeer {
  return { host: addressText(peer.address), port: peer.port, peerId: peer.peerId };
}

function formOf({ compact, noPeerId }: { compact: boolean; noPeerId: boolean }): PeerForm {
  if (compact) return 'compact';
  return noPeerId ? 'list-without-ids' : 'list';
}

function tokenOf(request: Request): string | null {
  const { token } = request.params;
  return typeof token === 'string' ? token : null;
}

/** What stands after `?`, untouched: infohashes are bytes that no query parser may read as UTF-8. */
function queryOf(request: Request): string {
  const at = request.url.indexOf('?');
  return at < 0 ? '' : request.url.slice(at + 1);
}
