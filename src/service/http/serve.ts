import type { Express } from 'express';
import { isNamedBlob } from '../../tally/index.ts';
import type { Core } from '../core.ts';
import { ServiceError } from '../errors.ts';
import { RateLimiter } from '../rate-limit.ts';
import { blobRoutes } from '../routes/blobs.ts';
import { dashboardRoutes } from '../routes/dashboard.ts';
import { entryRoutes } from '../routes/entries.ts';
import { eventRoutes } from '../routes/events.ts';
import { proofRoutes } from '../routes/proofs.ts';
import { stateRoutes } from '../routes/states.ts';
import { tallyRoutes } from '../routes/tallies.ts';
import { tileRoutes } from '../routes/tiles.ts';
import { trackerRoutes } from '../routes/tracker.ts';
import { makeApp } from './app.ts';
import { type ClientAddress, clientAddress } from './client-address.ts';
import { hostGuard } from './host-guard.ts';
import { rateGuard } from './rate-guard.ts';
import { HttpServer, type Listen } from './server.ts';
import { targetPath } from './target-path.ts';

export interface ServeOptions {
  readonly listen: Listen;
  /** Where others reach this tally; its own address when not given. */
  readonly publicUrl: string | undefined;
  readonly trustedProxies: readonly string[];
  readonly dashboardFolder: string | undefined;
}

export interface Served {
  readonly server: HttpServer;
  /** The address it listens on, as a URL without a final slash. */
  readonly url: string;
  readonly publicUrl: string;
}

/** Serves a tally by HTTP. Throws `bad-address`. */
export async function serve(core: Core, options: ServeOptions): Promise<Served> {
  const { limits, logger } = core.parts;
  const addressOf = clientAddress(options.trustedProxies);
  const own = options.publicUrl === undefined ? undefined : publicBase(options.publicUrl);
  if (own === undefined && /^(?:0\.0\.0\.0|::)$/.test(options.listen.host)) {
    throw new ServiceError(
      'bad-address',
      `listening on ${options.listen.host} needs a public URL, because magnet links have to name one (--public-url)`,
    );
  }
  const server = new HttpServer(limits, options.trustedProxies);
  const { host, port } = await server.bind(options.listen);
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const publicUrl = own ?? url;
  const app = appOf(core, { addressOf, publicUrl, listenHost: host, folder: options.dashboardFolder });
  server.answer((request, response) => {
    request.url = targetPath(request.url ?? '');
    app(request, response);
  });
  logger.info({ url, publicUrl }, 'listening');
  return { server, url, publicUrl };
}

interface AppOptions {
  readonly addressOf: ClientAddress;
  readonly publicUrl: string;
  readonly listenHost: string;
  readonly folder: string | undefined;
}

function appOf(core: Core, { addressOf, publicUrl, listenHost, folder }: AppOptions): Express {
  const { limits, logger, clock, store, log, signer, states, vouchers } = core.parts;
  const nowMs = (): number => clock.nowMs();
  const limiter = new RateLimiter(limits.rates, limits.ratedAddresses);
  const rate = rateGuard(limiter, addressOf, nowMs);
  const tracker = trackerRoutes({
    store: core.swarms,
    limits: limits.tracker,
    limiter,
    addressOf,
    nowMs,
    builderOf: (token) => core.ledger.builderOfToken(token),
    isAudited: (builder, infoHash) => core.isAudited(builder, infoHash),
    onBuilderSeeds: (seed) => core.builderSeeds(seed),
    onStrangerSeeds: (seed) => core.strangerSeeds(seed),
  });
  const blobs = blobRoutes({
    blobBytes: limits.blobBytes,
    rate,
    addressOf,
    isReferenced: (sha256) => isNamedBlob(core.ledger.tally, sha256),
    get: (sha256) => store.getBlob(sha256),
    put: (sha256, bytes) => store.putBlob(sha256, bytes),
  });
  const tallies = tallyRoutes({
    ledger: core.ledger,
    seeders: core.seeders,
    torrents: core.torrents,
    origin: signer.name,
    vkey: signer.vkey,
    announceUrl: `${publicUrl}/announce`,
    rate,
  });
  return makeApp({
    logger,
    guards: [hostGuard(listenHost, new URL(publicUrl))],
    tracker,
    readRate: rate('read'),
    routers: [
      entryRoutes({
        clerk: core.clerk,
        log,
        entryBytes: limits.entryBytes,
        inclusion: limits.inclusion,
        rate,
        addressOf,
      }),
      blobs,
      tallies,
      proofRoutes({
        log,
        store,
        tally: core.ledger.tally,
        stateNote: (index) => states.get(index),
        voucher: (policy) => vouchers.get(policy),
        rate,
      }),
      stateRoutes({ log, tally: core.ledger.tally, states, vouchers, noteBytes: limits.entryBytes, rate }),
      eventRoutes(core.hub, addressOf, rate),
      tileRoutes(log, rate),
      dashboardRoutes(folder),
    ],
  });
}

/** The public URL without a final slash. Throws `bad-address`. */
function publicBase(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new ServiceError(
      'bad-address',
      `${JSON.stringify(text)} is no public URL: give http(s)://HOST[:PORT][/PATH]`,
    );
  }
  return url.href.replace(/\/+$/, '');
}
