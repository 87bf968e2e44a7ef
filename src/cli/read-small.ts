import { createReadStream } from 'node:fs';
import process from 'node:process';
import { addAbortSignal } from 'node:stream';
import { CodedError, concatBytes, fromUtf8, printable, TextFormError } from '../bytes/index.ts';
import { systemWords } from './system-words.ts';

/** Bytes that are read of a file which a person writes: policies and recipes have at most 64 Ki characters. */
export const LONGEST_TEXT = 256 * 1024;

/**
 * Reads a small file, or with `-` standard input, to its end. Throws `too-large` when it has more than `longest` bytes,
 * and `unreadable`; both name it. `what` is what it should have been, such as `policy`.
 */
export async function readSmall(
  path: string,
  what: string,
  longest: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const stream = path === '-' ? process.stdin : createReadStream(path, { end: longest });
  const name = path === '-' ? 'standard input' : printable(path);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of addAbortSignal(signal, stream) as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > longest) break;
    }
  } catch (cause) {
    const words = systemWords(cause, name);
    throw words === undefined ? cause : new CodedError('unreadable', words, { cause });
  }
  if (bytes <= longest) return concatBytes(...chunks);
  throw new CodedError('too-large', `${name} has more than ${longest} bytes: it is no ${what}`);
}

/** Reads a small text as {@link readSmall} does. What is no UTF-8 is `bad-utf8`: nothing of it is repaired. */
export async function readSmallText(path: string, what: string, signal: AbortSignal): Promise<string> {
  const bytes = await readSmall(path, what, LONGEST_TEXT, signal);
  try {
    return fromUtf8(bytes);
  } catch (cause) {
    if (!(cause instanceof TextFormError)) throw cause;
    const name = path === '-' ? 'standard input' : printable(path);
    throw new CodedError('bad-utf8', `${name} is no text in UTF-8, so it is no ${what}`, { cause });
  }
}
