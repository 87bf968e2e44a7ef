import { Router } from 'express';
import type { Log } from '../../log/index.ts';
import { LogTreeError, parseTilePath, type Tile } from '../../merkle/index.ts';
import { ServiceError } from '../errors.ts';
import { asynchronous } from '../http/asynchronous.ts';

const YEAR_SECONDS = 365 * 24 * 3600;

/** The log as C2SP `tlog-tiles` has it: `/checkpoint`, `/tile/<L>/<N>[.p/<W>]`, `/tile/entries/<N>[.p/<W>]`. */
export function tileRoutes(log: Log): Router {
  const router = Router();
  router.get('/checkpoint', (_request, response) => {
    response
      .set('Content-Type', 'text/plain; charset=utf-8')
      .set('Cache-Control', 'no-cache')
      .send(Buffer.from(log.checkpoint().note));
  });
  const tile = asynchronous(async (request, response) => {
    const { level, index, width } = tileOf(request.path);
    const bytes =
      level === 'entries' ? await log.entryBundle(index, width) : await log.tile(level, index, width);
    if (bytes === undefined) throw new ServiceError('not-found', 'The published tree has no such tile.');
    // Whatever its width, a tile that was served once never changes.
    response
      .set('Content-Type', 'application/octet-stream')
      .set('Cache-Control', `public, max-age=${YEAR_SECONDS}, immutable`)
      .send(Buffer.from(bytes));
  });
  router.get('/tile/{*path}', tile);
  return router;
}

function tileOf(path: string): Tile {
  try {
    return parseTilePath(path.slice(1));
  } catch (cause) {
    if (cause instanceof LogTreeError) throw new ServiceError('bad-request', cause.message, { cause });
    throw cause;
  }
}
