import { existsSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import express, { type RequestHandler, type Router } from 'express';
import { ServiceError } from '../errors.ts';
import { exactRouter } from '../http/router.ts';

const DIST = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'web', 'dist');
const YEAR_SECONDS = 365 * 24 * 3600;

/**
 * The dashboard's built files. What stands in `assets/` carries its digest in its name and never changes; the page
 * itself answers at `/` and `/release/<digest>`, and is asked for again each time.
 */
export function dashboardRoutes(folder = DIST): Router {
  const router = exactRouter();
  const page: RequestHandler = (_request, response, next) => {
    if (!existsSync(join(folder, 'index.html'))) {
      next(
        new ServiceError(
          'not-found',
          'The dashboard is not built here: run `npm start` once, or `vite build web`.',
        ),
      );
      return;
    }
    response.set('Cache-Control', 'no-cache');
    response.sendFile('index.html', { root: folder, cacheControl: false });
  };
  router.get('/', page);
  router.get('/release/{*rest}', page);
  router.use(
    express.static(folder, {
      index: false,
      redirect: false,
      dotfiles: 'ignore',
      cacheControl: false,
      setHeaders: (response, path) => {
        const hashed = path.includes(`${sep}assets${sep}`);
        response.setHeader(
          'Cache-Control',
          hashed ? `public, max-age=${YEAR_SECONDS}, immutable` : 'no-cache',
        );
      },
    }),
  );
  return router;
}
