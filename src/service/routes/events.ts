import type { RequestHandler, Router } from 'express';
import { addressGroup } from '../address.ts';
import type { EventHub } from '../events/event-hub.ts';
import { asynchronous } from '../http/asynchronous.ts';
import type { ClientAddress } from '../http/client-address.ts';
import { exactRouter } from '../http/router.ts';
import type { RateClass } from '../limits.ts';

/**
 * `GET /api/v1/events`: server-sent events `entry` and `seeders`, resumable by `Last-Event-ID`. Who resumes gets a thousand
 * events at once, and so counts as one who asks for something costly.
 */
export function eventRoutes(
  hub: EventHub,
  addressOf: ClientAddress,
  rate: (rateClass: RateClass) => RequestHandler,
): Router {
  const router = exactRouter();
  const costly = rate('view');
  const resumes: RequestHandler = (request, response, next) => {
    if (request.headers['last-event-id'] === undefined) next();
    else costly(request, response, next);
  };
  const open = asynchronous(async (request, response) => {
    if (request.method === 'HEAD') {
      response.type('text/event-stream').set('Cache-Control', 'no-store').end();
      return;
    }
    await hub.open(request, response, addressGroup(addressOf(request)));
  });
  router.get('/api/v1/events', resumes, open);
  return router;
}
