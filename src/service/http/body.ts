import type { IncomingMessage } from 'node:http';
import { ServiceError } from '../errors.ts';

/**
 * A request's body as it was sent, of at most `limit` bytes. A longer one is refused by its announced length or as
 * soon as it grows beyond, and the rest is not read; an encoded one is refused unread, since what it would inflate
 * to is unknown. Throws `body-too-large`, `unsupported-media-type`, and `bad-request` when it breaks off.
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Uint8Array> {
  const tooLarge = (): ServiceError => {
    return new ServiceError('body-too-large', `This takes at most ${limit} bytes.`);
  };
  if (request.headers['content-encoding'] !== undefined) {
    throw new ServiceError('unsupported-media-type', 'Send the body as it is, without Content-Encoding.');
  }
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge();
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= limit) {
        chunks.push(chunk);
        return;
      }
      request.pause();
      chunks.length = 0;
      reject(tooLarge());
    });
    request.on('end', () => resolve(Buffer.concat(chunks, length)));
    request.on('close', () => reject(new ServiceError('bad-request', 'The body broke off.')));
    request.on('error', reject);
  });
}
