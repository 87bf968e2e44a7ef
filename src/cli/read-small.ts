import { createReadStream } from 'node:fs';
import process from 'node:process';
import { addAbortSignal } from 'node:stream';
import { concatBytes, printable } from '../bytes/index.ts';
import { StatementError } from '../statement/index.ts';

/**
 * Reads a small file, or with `-` standard input, to its end. Throws `too-large`, naming it, when it has more than
 * `longest` bytes.
 */
export async function readSmall(path: string, longest: number, signal: AbortSignal): Promise<Uint8Array> {
  const stream = path === '-' ? process.stdin : createReadStream(path, { end: longest });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of addAbortSignal(signal, stream) as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > longest) {
      const name = path === '-' ? 'standard input' : printable(path);
      throw new StatementError(
        'too-large',
        `${name} has more than ${longest} bytes: it is no envelope of an entry`,
      );
    }
  }
  return concatBytes(...chunks);
}
