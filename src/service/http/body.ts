import type { IncomingMessage } from 'node:http';
import { type BodyFault, readRequestBody } from '../../witness/index.ts';
import { ServiceError } from '../errors.ts';

/**
 * A request's body as it was sent, of at most `limit` bytes: `readRequestBody`. Throws `body-too-large`,
 * `unsupported-media-type` for an encoded one, and `bad-request` when it breaks off.
 */
export function readBody(request: IncomingMessage, limit: number): Promise<Uint8Array> {
  return readRequestBody(request, limit, (fault) => refusal(fault, limit));
}

function refusal(fault: BodyFault, limit: number): ServiceError {
  switch (fault) {
    case 'too-large':
      return new ServiceError('body-too-large', `This takes at most ${limit} bytes.`);
    case 'encoded':
      return new ServiceError('unsupported-media-type', 'Send the body as it is, without Content-Encoding.');
    case 'broken-off':
      return new ServiceError('bad-request', 'The body broke off.');
  }
}
