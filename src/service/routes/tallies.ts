import { type Request, Router } from 'express';
import { builderViews, type ReleaseView, releaseView, releaseViews } from '../../tally/index.ts';
import { ServiceError } from '../errors.ts';
import type { KnownTorrents } from '../known-torrents.ts';
import type { Ledger } from '../ledger.ts';
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
}

/** A release as the list has it; the rest stands at `/api/v1/releases/<digest>`. */
type Summary = Omit<ReleaseView, 'recipe' | 'sources' | 'builders'>;

/** The counts: `/api/v1/status`, `/api/v1/releases[?package=PURL]`, `/api/v1/releases/<digest>`, `/api/v1/builders`. */
export function tallyRoutes(context: TallyContext): Router {
  const { ledger } = context;
  const router = Router();
  let listed: { readonly size: number; readonly summaries: readonly Summary[] } | undefined;

  const summaries = (): readonly Summary[] => {
    if (listed?.size !== ledger.size) {
      listed = { size: ledger.size, summaries: releaseViews(ledger.tally).map(summaryOf) };
    }
    return listed.summaries;
  };

  router.get('/api/v1/status', (_request, response) => {
    response.set('Cache-Control', 'no-store').json(statusOf(context));
  });
  router.get('/api/v1/releases', (request, response) => {
    const wanted = packageOf(request);
    const releases = summaries().filter((view) => wanted === null || view.package === wanted);
    response.set('Cache-Control', 'no-store').json({ releases });
  });
  router.get('/api/v1/releases/:digest', (request, response) => {
    const view = releaseView(ledger.tally, request.params.digest);
    if (view === undefined) throw new ServiceError('not-found', 'No release of this log has that digest.');
    response.set('Cache-Control', 'no-store').json({ ...view, ...swarmsOf(context, view) });
  });
  router.get('/api/v1/builders', (_request, response) => {
    response.set('Cache-Control', 'no-store').json({ builders: builderViews(ledger.tally) });
  });
  return router;
}

function statusOf({ ledger, origin, vkey, announceUrl }: TallyContext): unknown {
  const policy = ledger.tally.policy;
  return {
    origin,
    logKey: vkey,
    size: ledger.size,
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

/** `?package=`, of which there may be one. */
export function packageOf(request: Request): string | null {
  const at = request.url.indexOf('?');
  return at < 0 ? null : new URLSearchParams(request.url.slice(at)).get('package');
}
