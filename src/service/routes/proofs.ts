import { setImmediate } from 'node:timers/promises';
import type { RequestHandler, Response, Router } from 'express';
import { encodeLeaf, formatProofBundle, type Log } from '../../log/index.ts';
import type { Store } from '../../store/index.ts';
import type { Tally } from '../../tally/index.ts';
import { ServiceError } from '../errors.ts';
import { asynchronous } from '../http/asynchronous.ts';
import { exactRouter } from '../http/router.ts';
import type { RateClass } from '../limits.ts';
import { composeProof, type ProofSource } from '../proofs/compose.ts';
import { packageOf } from './tallies.ts';

/** What the proofs' routes read. */
export interface ProofContext {
  readonly log: Log;
  readonly store: Store;
  readonly tally: Tally;
  readonly stateNote: ProofSource['stateNote'];
  readonly voucher: ProofSource['voucher'];
  readonly rate: (rateClass: RateClass) => RequestHandler;
}

/** How long an answer waits for the release and the last `state` to be published. */
const PATIENCE_MS = 10_000;

/**
 * `GET /api/v1/releases/<digest>/proof` and `GET /api/v1/proof?package=PURL`: a release's `.bitquorum-proof` under the
 * newest published checkpoint.
 */
export function proofRoutes(context: ProofContext): Router {
  const router = exactRouter();
  router.get(
    '/api/v1/releases/:digest/proof',
    context.rate('view'),
    asynchronous((request, response) => answer(context, String(request.params['digest']), response)),
  );
  router.get(
    '/api/v1/proof',
    context.rate('view'),
    asynchronous((request, response) => {
      const name = context.tally.names.get(packageOf(request) ?? '');
      return answer(context, name?.live ?? '', response);
    }),
  );
  return router;
}

async function answer(context: ProofContext, digest: string, response: Response): Promise<void> {
  const { log, store, tally, stateNote, voucher } = context;
  await published(context, digest);
  const bundle = await composeProof(
    {
      tally,
      checkpoint: log.checkpoint(),
      leaf: async (index) => leafOf(store, index),
      tile: async (level, index, width) => present(await log.tile(level, index, width)),
      stateNote,
      voucher,
    },
    digest,
  );
  if (bundle === undefined)
    throw new ServiceError('not-found', 'No release of this log has that name or digest.');
  response
    .set('Content-Type', 'application/json')
    .set('Cache-Control', 'no-cache')
    .send(Buffer.from(formatProofBundle(bundle)));
}

/** A checkpoint follows each entry, and cosignatures may take a while. */
async function published({ log, tally }: ProofContext, digest: string): Promise<void> {
  const timeout = AbortSignal.timeout(PATIENCE_MS);
  try {
    // After a verdict comes a state at once: without it the verdict would prove nothing.
    while (tally.light.wanted) {
      await log.whenPublished(tally.size + 1, timeout);
      await setImmediate(undefined, { signal: timeout }); // what is published may have to be counted yet
    }
    const last = Math.max(tally.releases.get(digest)?.index ?? -1, tally.light.last?.index ?? -1);
    await log.whenPublished(last + 1, timeout);
  } catch (cause) {
    if (!timeout.aborted) throw cause;
    throw new ServiceError('busy', 'The newest entries are not published yet; ask again in some seconds.', {
      cause,
    });
  }
}

async function leafOf(store: Store, index: number): Promise<Uint8Array> {
  const [entry] = await store.readEntries(index, index + 1);
  return present(entry && encodeLeaf(entry));
}

function present(bytes: Uint8Array | undefined): Uint8Array {
  if (bytes !== undefined) return bytes;
  throw new ServiceError('not-found', 'The published tree does not reach as far as this proof.');
}
