import express, { type Express, type RequestHandler, type Router } from 'express';
import type { Logger } from 'pino';
import { loggedPath } from './logged-path.ts';
import { problemHandlers } from './problem.ts';
import { securityHeaders } from './security-headers.ts';

export interface AppParts {
  readonly logger: Logger;
  /** Asked before anything else of every request, in order. */
  readonly guards: readonly RequestHandler[];
  /** Tracker routes, which count their own rate and answer in bencode. */
  readonly tracker: Router;
  readonly readRate: RequestHandler;
  readonly routers: readonly Router[];
}

/** The express application: guards, headers, routes, and problems for whatever goes wrong. */
export function makeApp({ logger, guards, tracker, readRate, routers }: AppParts): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', false);
  app.set('query parser', false);
  app.set('etag', false);
  app.use(requestLog(logger), securityHeaders(), ...guards, tracker, readRate, ...routers);
  app.use(...problemHandlers(logger));
  return app;
}

function requestLog(logger: Logger): RequestHandler {
  return (request, response, next) => {
    const started = performance.now();
    response.once('close', () => {
      const { statusCode } = response;
      const milliseconds = Math.round(performance.now() - started);
      logger.debug({
        method: request.method,
        path: loggedPath(request.originalUrl),
        statusCode,
        milliseconds,
      });
    });
    next();
  };
}
