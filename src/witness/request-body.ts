import type { IncomingMessage } from 'node:http';

/** Why a body is not read: longer than allowed, sent encoded, or not sent to its end. */
export type BodyFault = 'too-large' | 'encoded' | 'broken-off';

/**
 * A request's body as it was sent, of at most `limit` bytes. A longer one is refused by its announced length or as
 * soon as it grows beyond, and the rest is not read; an encoded one is refused unread, since what it would inflate
 * to is unknown. Rejects with what `refuse` makes of the fault.
 */
export async function readRequestBody(
  request: IncomingMessage,
  limit: number,
  refuse: (fault: BodyFault) => Error,
): Promise<Uint8Array> {
  if (request.headers['content-encoding'] !== undefined) throw refuse('encoded');
  if (Number(request.headers['content-length'] ?? 0) > limit) throw refuse('too-large');
  if (request.destroyed) throw refuse('broken-off'); // nothing would tell so any more
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
      reject(refuse('too-large'));
    });
    request.on('end', () => resolve(Buffer.concat(chunks, length)));
    request.on('close', () => reject(refuse('broken-off')));
    request.on('error', () => reject(refuse('broken-off')));
  });
}
