import { STATUS_CODES } from 'node:http';
import type { ServiceErrorCode } from '../errors.ts';
import { type Problem, problem } from './problem.ts';

/** What Node's parser says of a request that it gives up, and what that becomes; all else is a 400. */
const UNREAD: Readonly<Record<string, readonly [number, ServiceErrorCode, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'head-too-large', 'The head of the request is too long.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'too-slow', 'The request was not complete in time; send it again.'],
};

/** The answer to a request that could not be read, as it goes over the wire; the connection ends behind it. */
export function answerToUnread(code: string | undefined): string {
  const [status, name, detail] = UNREAD[code ?? ''] ?? [400, 'bad-request', 'This is no HTTP/1.1 request.'];
  const told: Problem = problem(status, name, detail);
  const body = JSON.stringify(told);
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}
