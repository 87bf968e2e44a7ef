import { STATUS_CODES } from 'node:http';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import { CodedError } from '../../bytes/index.ts';
import { LogError } from '../../log/index.ts';
import { StatementError } from '../../statement/index.ts';
import { ServiceError, type ServiceErrorCode } from '../errors.ts';
import { loggedPath } from './logged-path.ts';

/** An error as HTTP tells it (RFC 9457): `code` is what programs switch on, `detail` says what to do. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
}

/** The HTTP status of each refusal: the only place where the two meet. */
export function statusOf(code: ServiceErrorCode): number {
  switch (code) {
    case 'bad-request':
    case 'bad-signature':
    case 'blob-mismatch':
    case 'bad-address':
    case 'bad-policy':
    case 'wrong-origin':
    case 'wrong-time':
    case 'wrong-subject':
    case 'wrong-content':
    case 'does-not-open':
      return 400;
    case 'refused':
    case 'unreferenced-blob':
    case 'no-policy':
    case 'wrong-signer':
    case 'unknown-publisher':
    case 'unknown-builder':
    case 'window-below-floor':
      return 403;
    case 'not-found':
      return 404;
    case 'taken':
    case 'duplicate':
    case 'too-early':
    case 'too-late':
    case 'unknown-release':
      return 409;
    case 'too-slow':
      return 408;
    case 'body-too-large':
      return 413;
    case 'unsupported-media-type':
      return 415;
    case 'wrong-host':
      return 421;
    case 'too-many-requests':
    case 'too-many-readers':
      return 429;
    case 'head-too-large':
      return 431;
    case 'data-exists':
    case 'data-missing':
      return 500;
    case 'busy':
    case 'closing':
      return 503;
  }
}

/** The problem that an error becomes. What is not the client's doing becomes a 500 without a word of its inside. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ServiceError) return problem(statusOf(error.code), error.code, error.message);
  if (error instanceof StatementError) return problem(statusOfStatement(error), error.code, error.message);
  if (error instanceof LogError && (error.code === 'busy' || error.code === 'closed')) {
    return problem(503, error.code, error.message);
  }
  const status = statusOfParser(error);
  if (status !== null) return problem(status, codeOfParser(status), (error as Error).message);
  return problem(500, 'internal', 'The tally failed; its operator finds the reason in its log.');
}

function statusOfStatement({ code }: StatementError): number {
  if (code === 'busy' || code === 'closed') return 503;
  return code === 'too-large' ? 413 : 400;
}

/** Express's last handlers: 404 for what no route took, and every error as `application/problem+json`. */
export function problemHandlers(
  logger: Logger,
): [RequestHandler, (error: unknown, request: Request, response: Response, next: NextFunction) => void] {
  return [
    (_request, _response, next) => {
      next(new ServiceError('not-found', 'Nothing is here; docs/protocol.md lists what this tally answers.'));
    },
    (error, request, response, next) => {
      const told = problemOf(error);
      if (told.status >= 500) logger.error({ err: error, path: loggedPath(request.url) }, 'request failed');
      if (response.headersSent) {
        next(error);
        return;
      }
      sendProblem(response, told, error);
    },
  ];
}

function sendProblem(response: Response, told: Problem, error: unknown): void {
  if (error instanceof ServiceError && error.retryAfterSeconds !== undefined) {
    response.set('Retry-After', String(error.retryAfterSeconds));
  }
  // A refused body is not read to its end: the connection closes behind the answer.
  if (told.status === 413) response.set('Connection', 'close');
  response
    .status(told.status)
    .set('Content-Type', 'application/problem+json')
    .set('Cache-Control', 'no-store')
    .send(Buffer.from(JSON.stringify(told)));
}

/** A problem document. */
export function problem(status: number, code: string, detail: string): Problem {
  const title = STATUS_CODES[status] ?? 'Error';
  return { type: `urn:bitquorum:problem:${code}`, title, status, detail, code };
}

/** The 4xx status that Express's own parsers put on their errors; null for every other error. */
function statusOfParser(error: unknown): number | null {
  if (!(error instanceof Error) || error instanceof CodedError || !('status' in error)) return null;
  const { status } = error;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : null;
}

function codeOfParser(status: number): ServiceErrorCode {
  if (status === 413) return 'body-too-large';
  return status === 415 ? 'unsupported-media-type' : 'bad-request';
}
