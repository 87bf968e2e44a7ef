import type { Request, RequestHandler, Router } from 'express';
import type { Log } from '../../log/index.ts';
import type { Tally } from '../../tally/index.ts';
import { ServiceError } from '../errors.ts';
import { asynchronous } from '../http/asynchronous.ts';
import { readBody } from '../http/body.ts';
import { exactRouter } from '../http/router.ts';
import type { RateClass } from '../limits.ts';
import type { StateSignatures } from '../state-signatures.ts';
import type { Vouchers } from '../vouchers.ts';

/** What the route of monitors' signatures needs of the rest of the service. */
export interface StateContext {
  readonly log: Log;
  readonly tally: Tally;
  readonly states: StateSignatures;
  readonly vouchers: Vouchers;
  readonly noteBytes: number;
  readonly rate: (rateClass: RateClass) => RequestHandler;
}

const PATH = '/api/v1/states/:index/signatures';

/**
 * `POST /api/v1/states/<index>/signatures`: a signed note by monitors that the policy in force names, about the `state`
 * entry at that index; 204. `GET`: the note with all signatures that were given.
 */
export function stateRoutes({ log, tally, states, vouchers, noteBytes, rate }: StateContext): Router {
  const router = exactRouter();
  router.get(PATH, (request, response) => {
    const note = states.get(indexOf(request));
    if (note === undefined) throw new ServiceError('not-found', 'Nobody has signed a state at this index.');
    response
      .set('Content-Type', 'text/plain; charset=utf-8')
      .set('Cache-Control', 'no-cache')
      .send(Buffer.from(note));
  });
  const post = asynchronous(async (request, response) => {
    const keys = tally.policy?.rules.monitors.keys ?? [];
    const index = indexOf(request);
    await states.add(log, index, await readBody(request, noteBytes), keys);
    const note = states.get(index);
    if (note !== undefined) await vouchers.take(tally, index, note);
    response.status(204).end();
  });
  router.post(PATH, rate('entry'), post);
  return router;
}

function indexOf(request: Request): number {
  const text = String(request.params['index']);
  const index = Number(text);
  if (Number.isSafeInteger(index) && index >= 0 && String(index) === text) return index;
  throw new ServiceError('bad-request', `${JSON.stringify(text.slice(0, 40))} is no index of an entry.`);
}
