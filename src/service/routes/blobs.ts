import { createHash } from 'node:crypto';
import type { Request, RequestHandler, Router } from 'express';
import { addressGroup } from '../address.ts';
import { ServiceError } from '../errors.ts';
import { asynchronous } from '../http/asynchronous.ts';
import { readBody } from '../http/body.ts';
import type { ClientAddress } from '../http/client-address.ts';
import { exactRouter } from '../http/router.ts';
import type { RateClass } from '../limits.ts';

/** What blobs need of the rest of the service. */
export interface BlobContext {
  readonly blobBytes: number;
  readonly rate: (rateClass: RateClass) => RequestHandler;
  readonly addressOf: ClientAddress;
  /** Whether an entry of the log names this SHA-256. */
  readonly isReferenced: (sha256: string) => boolean;
  readonly get: (sha256: string) => Promise<Uint8Array | undefined>;
  readonly put: (sha256: string, bytes: Uint8Array) => Promise<void>;
}

/** Bodies that are read at one time; each holds up to a blob in memory. */
const UPLOADS = 16;
/** Of one address: who sends slowly keeps nobody else away. */
const UPLOADS_PER_ADDRESS = 4;
const YEAR_SECONDS = 365 * 24 * 3600;

/**
 * `GET` and `PUT /blob/<sha256>`: recipes, policies and evidence under their own digest. A blob is taken only when
 * an entry names it, which is asked before its body is read; it is stored durably before the answer: 201. One that is here
 * already is not read again, so that whoever sends it slowly takes no place from others: 200.
 */
export function blobRoutes(context: BlobContext): Router {
  const router = exactRouter();
  /** Address groups of the bodies that are on their way. */
  const uploads: string[] = [];

  /** Runs `work` while the address of a request holds one of the places. */
  const inPlace = async <Value>(request: Request, work: () => Promise<Value>): Promise<Value> => {
    const group = addressGroup(context.addressOf(request));
    const own = uploads.filter((each) => each === group).length;
    if (uploads.length >= UPLOADS || own >= UPLOADS_PER_ADDRESS) {
      throw new ServiceError('busy', 'Too many blobs are on their way; come back.');
    }
    uploads.push(group);
    try {
      return await work();
    } finally {
      uploads.splice(uploads.indexOf(group), 1);
    }
  };

  const put = asynchronous(async (request, response) => {
    const sha256 = digestOf(request.params['sha256']);
    if (!context.isReferenced(sha256)) {
      throw new ServiceError('unreferenced-blob', `No entry names the blob ${sha256}; log the entry first.`);
    }
    const kept = await context.get(sha256);
    if (kept !== undefined) {
      response.json({ sha256, sizeBytes: kept.length });
      return;
    }
    const bytes = await inPlace(request, () => readBody(request, context.blobBytes));
    const digest = createHash('sha256').update(bytes).digest('hex');
    if (digest !== sha256) {
      throw new ServiceError('blob-mismatch', `These ${bytes.length} bytes have the SHA-256 ${digest}.`);
    }
    await context.put(sha256, bytes);
    response.status(201).json({ sha256, sizeBytes: bytes.length });
  });

  const get = asynchronous(async (request, response) => {
    const sha256 = digestOf(request.params['sha256']);
    const bytes = await context.get(sha256);
    if (bytes === undefined) throw new ServiceError('not-found', `The blob ${sha256} is not here.`);
    // Its bytes are a stranger's: never shown in this origin, whatever they look like.
    response
      .set('Content-Type', 'application/octet-stream')
      .set('Content-Disposition', 'attachment')
      .set('Content-Security-Policy', "default-src 'none'; sandbox")
      .set('Cache-Control', `public, max-age=${YEAR_SECONDS}, immutable`)
      .send(Buffer.from(bytes));
  });

  router.put('/blob/:sha256', context.rate('blob'), put);
  router.get('/blob/:sha256', get);
  return router;
}

function digestOf(parameter: unknown): string {
  if (typeof parameter === 'string' && /^[0-9a-f]{64}$/.test(parameter)) return parameter;
  throw new ServiceError('bad-request', 'A blob is named by 64 lower-case hex digits.');
}
