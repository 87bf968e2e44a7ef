import { fromUtf8, TextFormError } from '../bytes/index.ts';

/** Why a JSON text was refused; callers add what it was. */
export class JsonError extends Error {}

/** A string, with the colon that makes it a key; or where a number is written in another way than as an integer. */
const STRING_OR_ODD_NUMBER = /"(?:[^"\\]|\\.)*"(?:[\t\n\r ]*(:))?|-0|[0-9][.eE]/g;

/**
 * Parses JSON whose objects name each key once and whose numbers are plain integers. `JSON.parse` silently keeps the
 * last of two equal keys where other parsers keep the first, and takes `1e3`, `1.0` and `-0` where other parsers see no
 * integer, so that two readers of one signed text could see two statements.
 */
export function parseJson(bytes: Uint8Array): unknown {
  let text: string;
  let value: unknown;
  try {
    text = fromUtf8(bytes);
    value = JSON.parse(text);
  } catch (cause) {
    if (cause instanceof TextFormError) throw new JsonError('it is not UTF-8', { cause });
    throw new JsonError('it is not JSON', { cause });
  }
  const keys = countWrittenKeys(text);
  if (keys === undefined) throw new JsonError('a number in it is not written as a plain integer');
  if (keys !== countKeys(value)) throw new JsonError('an object in it names a key twice');
  return value;
}

/**
 * Keys as written; nothing when a number is odd. In valid JSON every quote opens or ends a string, a colon after one
 * makes it a key, and outside of strings digits make numbers.
 */
function countWrittenKeys(text: string): number | undefined {
  let count = 0;
  for (const [found, colon] of text.matchAll(STRING_OR_ODD_NUMBER)) {
    if (!found.startsWith('"')) return undefined;
    if (colon !== undefined) count += 1;
  }
  return count;
}

/** Keys as parsed: fewer than written when one was overwritten. */
function countKeys(root: unknown): number {
  let count = 0;
  const open: unknown[] = [root];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value !== 'object' || value === null) continue;
    const inner: unknown[] = Object.values(value);
    if (!Array.isArray(value)) count += inner.length;
    for (const each of inner) open.push(each);
  }
  return count;
}
