import type { Request, RequestHandler, Response, Router } from 'express';
import type { Log } from '../../log/index.ts';
import { formatTilePath, LogTreeError, parseTilePath, TILE_WIDTH, type Tile } from '../../merkle/index.ts';
import { ServiceError } from '../errors.ts';
import { asynchronous } from '../http/asynchronous.ts';
import { GzipCache } from '../http/gzip-cache.ts';
import { exactRouter } from '../http/router.ts';
import type { RateClass } from '../limits.ts';

const YEAR_SECONDS = 365 * 24 * 3600;
/** Compressed entry bundles that are kept, in bytes. */
const KEPT_BYTES = 16 * 1024 * 1024;

/**
 * The log as C2SP `tlog-tiles` has it: `/checkpoint`, `/tile/<L>/<N>[.p/<W>]`, `/tile/entries/<N>[.p/<W>]`. Any width
 * that the published tree has is served, full or not, for ever: nothing is pruned. Entry bundles go out in gzip to
 * whoever takes it; hashes would not become smaller. A partial bundle is compressed for whoever asks, so that an
 * address that asks for many gets the others as they are.
 */
export function tileRoutes(log: Log, rate: (rateClass: RateClass) => RequestHandler): Router {
  const router = exactRouter();
  const compresses = rate('compress');
  const bundles = new GzipCache(KEPT_BYTES);

  router.get('/checkpoint', (_request, response) => {
    response
      .set('Content-Type', 'text/plain; charset=utf-8')
      .set('Cache-Control', 'no-cache')
      .send(Buffer.from(log.checkpoint().note));
  });

  router.get(
    '/tile/{*path}',
    asynchronous(async (request, response) => {
      const tile = tileOf(request.path);
      const { level, index, width } = tile;
      if (level !== 'entries') {
        send(response, await log.tile(level, index, width));
        return;
      }
      response.vary('Accept-Encoding');
      const read = (): Promise<Uint8Array | undefined> => log.entryBundle(index, width);
      const isFull = width === TILE_WIDTH;
      if (!takesGzip(request) || !(isFull || (await passes(compresses, request, response)))) {
        send(response, await read());
        return;
      }
      const bytes = await (isFull ? bundles : new GzipCache(0)).get(formatTilePath(tile), read);
      if (bytes !== undefined) response.set('Content-Encoding', 'gzip');
      send(response, bytes);
    }),
  );
  return router;
}

/** Whatever its width, a tile that was served once never changes. */
function send(response: Response, bytes: Uint8Array | undefined): void {
  if (bytes === undefined) throw new ServiceError('not-found', 'The published tree has no such tile.');
  response
    .set('Content-Type', 'application/octet-stream')
    .set('Cache-Control', `public, max-age=${YEAR_SECONDS}, immutable`)
    .send(Buffer.from(bytes));
}

/** Whether a guard lets a request by. */
function passes(guard: RequestHandler, request: Request, response: Response): Promise<boolean> {
  return new Promise((resolve) => {
    void guard(request, response, (error?: unknown) => resolve(error === undefined));
  });
}

function takesGzip(request: Request): boolean {
  return (
    request.headers['accept-encoding'] !== undefined &&
    request.acceptsEncodings('gzip', 'identity') === 'gzip'
  );
}

function tileOf(path: string): Tile {
  try {
    return parseTilePath(path.slice(1));
  } catch (cause) {
    if (cause instanceof LogTreeError) throw new ServiceError('bad-request', cause.message, { cause });
    throw cause;
  }
}
