import { type RequestHandler, Router } from 'express';
import { toHex } from '../../bytes/index.ts';
import type { Clerk } from '../clerk.ts';
import { ServiceError } from '../errors.ts';
import { asynchronous } from '../http/asynchronous.ts';
import { readBody } from '../http/body.ts';
import type { RateClass } from '../limits.ts';

/** `application/json` is no type that a foreign page's form can send, so that no page posts behind its reader's back. */
const TYPES = ['application/json', 'application/vnd.dsse+json', 'application/vnd.dsse.envelope.v1+json'];

/**
 * `POST /api/v1/entries`: a DSSE envelope, logged as received. 201 once it is durable, 200 when the log had it;
 * both with `{index, timeMs, leafHash}` of the first one.
 */
export function entryRoutes(
  clerk: Clerk,
  entryBytes: number,
  rate: (rateClass: RateClass) => RequestHandler,
): Router {
  const router = Router();
  const post = asynchronous(async (request, response) => {
    if (request.is(TYPES) === false) {
      throw new ServiceError('unsupported-media-type', 'Send a DSSE envelope as application/json.');
    }
    const { index, timeMs, leafHash, duplicate } = await clerk.submit(await readBody(request, entryBytes));
    response.status(duplicate ? 200 : 201).json({ index, timeMs, leafHash: toHex(leafHash) });
  });
  router.post('/api/v1/entries', rate('entry'), post);
  return router;
}
