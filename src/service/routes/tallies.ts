import type { Request, RequestHandler, Router } from 'express';
import {
  type BuilderView,
  builderView,
  type ReleaseView,
  releaseView,
  releaseViews,
  type Tally,
} from '../../tally/index.ts';
import { ServiceError } from '../errors.ts';
import { exactRouter } from '../http/router.ts';
import type { KnownTorrents } from '../known-torrents.ts';
import type { Ledger } from '../ledger.ts';
import type { RateClass } from '../limits.ts';
import type { SeederCounts, Seeders } from '../seeder-counts.ts';

/** What the tallies' routes read. */
export interface TallyContext {
  readonly ledger: Ledger;
  readonly seeders: SeederCounts;
  readonly torrents: KnownTorrents;
  readonly origin: string;
  /** The log's verifier key. */
  readonly vkey: string;
  /** `/announce` of this tally as others reach it. */
  readonly announceUrl: string;
  readonly rate: (rateClass: RateClass) => RequestHandler;
}

/** A release as the list has it; the rest stands at `/api/v1/releases/<digest>`. */
type Summary = Omit<ReleaseView, 'recipe' | 'sources' | 'builders'>;

/** Builders in one answer, and releases. */
const PAGE = 250;
const RELEASES_PAGE = 100;
/** A release about which more builders wrote something costs as much as a page: anybody may register and do so. */
const CROWD = 64;

/**
 * The counts: `/api/v1/status`, `/api/v1/releases[?package=PURL|?before=N]`, `/api/v1/releases/<digest>`,
 * `/api/v1/builders[?from=N]`.
 */
export function tallyRoutes(context: TallyContext): Router {
  const { ledger } = context;
  const router = exactRouter();
  const newest = newestReleases(ledger);
  const some: RequestHandler = (request, response) => {
    const wanted = packageOf(request);
    const releases = wanted === null ? undefined : releasesOf(ledger.tally, wanted);
    response.json(releases ? { releases } : releasesBefore(ledger.tally, placeOf(request, 'before') ?? 0));
  };
  const costly = context.rate('view');

  router.get('/api/v1/status', (_request, response) => {
    response.set('Cache-Control', 'no-store').json(statusOf(context));
  });
  router.get('/api/v1/releases', (request, response, next) => {
    response.set('Cache-Control', 'no-store');
    if (packageOf(request) === null && placeOf(request, 'before') === undefined) {
      response.type('json').send(newest());
    } else
      costly(request, response, (error?: unknown) => (error ? next(error) : some(request, response, next)));
  });
  const crowded: RequestHandler = (request, response, next) => {
    const release = ledger.tally.releases.get(String(request.params['digest']));
    if (release === undefined || release.ballots.size <= CROWD) next();
    else costly(request, response, next);
  };
  router.get('/api/v1/releases/:digest', crowded, (request, response) => {
    const view = releaseView(ledger.tally, String(request.params['digest']));
    if (view === undefined) throw new ServiceError('not-found', 'No release of this log has that digest.');
    response.set('Cache-Control', 'no-store').json({ ...view, ...swarmsOf(context, view) });
  });
  router.get('/api/v1/builders', costly, (request, response) => {
    const { builders } = ledger.tally;
    const from = placeOf(request, 'from') ?? 0;
    const page = pageOf(ledger.tally, from);
    const next = from + page.length;
    response
      .set('Cache-Control', 'no-store')
      .json({ builders: page, total: builders.size, next: next < builders.size ? next : null });
  });
  return router;
}

/** A page that took long to make is kept for so many times as long, and else until the next entry. */
const KEPT_FOR = 20;
const LONG_MS = 50;

/** The newest releases as JSON, made once for everybody: dashboards ask for them with each entry. */
function newestReleases({ tally }: Ledger): () => Buffer {
  let made:
    | { readonly size: number; readonly atMs: number; readonly tookMs: number; readonly body: Buffer }
    | undefined;
  return () => {
    const now = performance.now();
    const isRecent = made !== undefined && made.tookMs > LONG_MS && now < made.atMs + KEPT_FOR * made.tookMs;
    if (made === undefined || (made.size !== tally.size && !isRecent)) {
      const body = Buffer.from(JSON.stringify(releasesBefore(tally, tally.releases.size)));
      const atMs = performance.now();
      made = { size: tally.size, atMs, tookMs: atMs - now, body };
    }
    return made.body;
  };
}

/** A page of releases in the log's order: those right before a place in it. None is ever taken away, so places last. */
function releasesBefore(
  tally: Tally,
  place: number,
): { releases: Summary[]; total: number; before: number | null } {
  const to = Math.min(place, tally.releases.size);
  const from = Math.max(0, to - RELEASES_PAGE);
  const releases = releaseViews(tally, from, to).map(summaryOf);
  return { releases, total: tally.releases.size, before: from > 0 ? from : null };
}

/** The releases of one name, as the list of all has them. */
function releasesOf(tally: Tally, packageUrl: string): Summary[] {
  return [...tally.releases.values()]
    .filter(({ predicate }) => predicate.package === packageUrl)
    .sort((left, right) => left.index - right.index)
    .flatMap(({ digest }) => releaseView(tally, digest) ?? [])
    .map(summaryOf);
}

function statusOf({ ledger, origin, vkey, announceUrl }: TallyContext): unknown {
  const policy = ledger.tally.policy;
  return {
    origin,
    logKey: vkey,
    size: ledger.size,
    builders: ledger.tally.builders.size,
    policy: policy && { name: policy.rules.name, demo: policy.rules.demo, digest: policy.digest },
    announceUrl,
  };
}

function swarmsOf(
  { seeders, torrents, announceUrl }: TallyContext,
  { groups }: ReleaseView,
): { seeders: Record<string, Seeders>; magnets: Record<string, string> } {
  const hashes = groups.map(({ infoHashV2 }) => infoHashV2);
  return {
    seeders: Object.fromEntries(hashes.map((hash) => [hash, seeders.of(hash)])),
    magnets: Object.fromEntries(hashes.map((hash) => [hash, torrents.magnetOf(hash, announceUrl)])),
  };
}

function summaryOf({
  recipe: _recipe,
  sources: _sources,
  builders: _builders,
  ...summary
}: ReleaseView): Summary {
  return summary;
}

/** The builders of one page; the longest registered stand first, and none is ever taken away. */
function pageOf(tally: Tally, from: number): BuilderView[] {
  const page: BuilderView[] = [];
  let at = 0;
  for (const key of tally.builders.keys()) {
    if (at >= from + PAGE) break;
    const view = at < from ? undefined : builderView(tally, key);
    if (view !== undefined) page.push(view);
    at += 1;
  }
  return page;
}

/** `?from=`, `?before=`: a place in a list whose order stays for ever. */
function placeOf(request: Request, name: 'from' | 'before'): number | undefined {
  const at = request.url.indexOf('?');
  const text = at < 0 ? null : new URLSearchParams(request.url.slice(at)).get(name);
  if (text === null) return undefined;
  if (/^(?:0|[1-9]\d{0,8})$/.test(text)) return Number(text);
  const words = name === 'from' ? '`next` of the page before' : '`before` of the page after';
  throw new ServiceError('bad-request', `?${name}= takes a whole number: what ${words} says.`);
}

/** `?package=`, of which there may be one. */
export function packageOf(request: Request): string | null {
  const at = request.url.indexOf('?');
  return at < 0 ? null : new URLSearchParams(request.url.slice(at)).get('package');
}
