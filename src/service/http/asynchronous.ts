import type { Request, RequestHandler, Response } from 'express';

/** A handler that answers later. Express 5 passes the rejection of a returned promise to the error handlers. */
export function asynchronous(
  answer: (request: Request, response: Response) => Promise<void>,
): RequestHandler {
  return (request, response) => answer(request, response);
}
