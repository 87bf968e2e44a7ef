import type { Request, RequestHandler, Response, Router } from 'express';
import { fromUtf8, toBase64, toHex } from '../../bytes/index.ts';
import type { Log } from '../../log/index.ts';
import { networkPrefix } from '../address.ts';
import type { Clerk } from '../clerk.ts';
import { ServiceError } from '../errors.ts';
import { asynchronous } from '../http/asynchronous.ts';
import { readBody } from '../http/body.ts';
import type { ClientAddress } from '../http/client-address.ts';
import { exactRouter } from '../http/router.ts';
import type { RateClass, ServiceLimits } from '../limits.ts';

/** `application/json` is no type that a foreign page's form can send, so that no page posts behind its reader's back. */
const TYPES = ['application/json', 'application/vnd.dsse+json', 'application/vnd.dsse.envelope.v1+json'];

/** What the route of entries needs of the rest of the service. */
export interface EntryContext {
  readonly clerk: Clerk;
  readonly log: Log;
  readonly entryBytes: number;
  readonly inclusion: ServiceLimits['inclusion'];
  readonly rate: (rateClass: RateClass) => RequestHandler;
  readonly addressOf: ClientAddress;
}

/**
 * `POST /api/v1/entries`: a DSSE envelope, logged as received. 201 once it is durable, 200 when the log had it;
 * both with `{index, timeMs, leafHash}` of the first one. With `?wait=inclusion` the answer waits for the checkpoint
 * that covers the entry, and has it beside the entry's inclusion proof: `{checkpoint, inclusionProof}`, the signed note
 * as text and hashes in base64. Where that takes too long, the receipt comes without them.
 */
export function entryRoutes(context: EntryContext): Router {
  const { clerk, entryBytes, rate, addressOf } = context;
  const router = exactRouter();
  let waiting = 0;

  /** The proof that a checkpoint covers an entry, if one comes in time and not too many wait. */
  const inclusionOf = async (index: number, response: Response): Promise<Inclusion | undefined> => {
    const { waitMs, waiting: most } = context.inclusion;
    if (waiting >= most) return undefined;
    waiting += 1;
    const gone = new AbortController();
    const leave = (): void => gone.abort();
    const late = AbortSignal.timeout(waitMs);
    response.once('close', leave);
    try {
      return await proveIn(context.log, index, AbortSignal.any([gone.signal, late]));
    } catch (error) {
      if (late.aborted || gone.signal.aborted) return undefined;
      throw error;
    } finally {
      response.off('close', leave);
      waiting -= 1;
    }
  };

  const post = asynchronous(async (request, response) => {
    if (request.is(TYPES) === false) {
      throw new ServiceError('unsupported-media-type', 'Send a DSSE envelope as application/json.');
    }
    const waits = waitsForInclusion(request);
    const prefix = networkPrefix(addressOf(request));
    const { index, timeMs, leafHash, duplicate } = await clerk.submit(
      await readBody(request, entryBytes),
      prefix,
    );
    const inclusion = waits ? await inclusionOf(index, response) : undefined;
    response.status(duplicate ? 200 : 201).json({ index, timeMs, leafHash: toHex(leafHash), ...inclusion });
  });
  router.post('/api/v1/entries', rate('entry'), post);
  return router;
}

interface Inclusion {
  /** The signed note. */
  readonly checkpoint: string;
  /** RFC 6962 §2.1.1, from the leaf upwards, each hash in base64. */
  readonly inclusionProof: readonly string[];
}

async function proveIn(log: Log, index: number, signal: AbortSignal): Promise<Inclusion> {
  const head = await log.whenPublished(index + 1, signal);
  const hashes = await log.proveInclusion(index, head);
  return { checkpoint: fromUtf8(head.note), inclusionProof: hashes.map((hash) => toBase64(hash)) };
}

/** Whether `?wait=inclusion` is asked for; any other question is refused, so that a slip is not waited for in vain. */
function waitsForInclusion(request: Request): boolean {
  const at = request.url.indexOf('?');
  if (at < 0) return false;
  const query = request.url.slice(at + 1);
  if (query === 'wait=inclusion') return true;
  throw new ServiceError('bad-request', 'This takes no question but ?wait=inclusion.');
}
