import { Router } from 'express';
import { addressGroup } from '../address.ts';
import type { EventHub } from '../events/event-hub.ts';
import { asynchronous } from '../http/asynchronous.ts';
import type { ClientAddress } from '../http/client-address.ts';

/** `GET /api/v1/events`: server-sent events `entry` and `seeders`, resumable by `Last-Event-ID`. */
export function eventRoutes(hub: EventHub, addressOf: ClientAddress): Router {
  const router = Router();
  const open = asynchronous(async (request, response) => {
    if (request.method === 'HEAD') {
      response.type('text/event-stream').set('Cache-Control', 'no-store').end();
      return;
    }
    await hub.open(request, response, addressGroup(addressOf(request)));
  });
  router.get('/api/v1/events', open);
  return router;
}
