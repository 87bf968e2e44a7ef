import { type Response, Router } from 'express';
import { encodeLeaf, formatProofBundle, type Log } from '../../log/index.ts';
import type { Store } from '../../store/index.ts';
import type { Tally } from '../../tally/index.ts';
import { ServiceError } from '../errors.ts';
import { asynchronous } from '../http/asynchronous.ts';
import { composeProof, type ProofSource } from '../proofs/compose.ts';
import { packageOf } from './tallies.ts';

/** What the proofs' routes read. */
export interface ProofContext {
  readonly log: Log;
  readonly store: Store;
  readonly tally: Tally;
  readonly stateNote: ProofSource['stateNote'];
}

/** How long an answer waits for the last `state` to be published. */
const PATIENCE_MS = 10_000;
const LOOK_EVERY_MS = 50;

/**
 * `GET /api/v1/releases/<digest>/proof` and `GET /api/v1/proof?package=PURL`: a release's `.bitquorum-proof` under the
 * newest published checkpoint.
 */
export function proofRoutes(context: ProofContext): Router {
  const router = Router();
  router.get(
    '/api/v1/releases/:digest/proof',
    asynchronous((request, response) => answer(context, String(request.params['digest']), response)),
  );
  router.get(
    '/api/v1/proof',
    asynchronous((request, response) => {
      const name = context.tally.names.get(packageOf(request) ?? '');
      return answer(context, name?.live ?? '', response);
    }),
  );
  return router;
}

async function answer(context: ProofContext, digest: string, response: Response): Promise<void> {
  const { log, store, tally, stateNote } = context;
  await published(context);
  const bundle = await composeProof(
    {
      tally,
      checkpoint: log.checkpoint(),
      leaf: async (index) => leafOf(store, index),
      tile: async (level, index, width) => present(await log.tile(level, index, width)),
      stateNote,
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
async function published({ log, tally }: ProofContext): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS;
  while ((tally.light.last?.index ?? -1) >= log.checkpoint().size) {
    if (performance.now() > endMs) {
      throw new ServiceError('busy', 'The last state is not published yet; ask again in some seconds.');
    }
    await new Promise((resolve) => {
      setTimeout(resolve, LOOK_EVERY_MS);
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
