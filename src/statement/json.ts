import { fromUtf8, TextFormError } from '../bytes/index.ts';

/** Why a JSON text was refused; callers add what it was. */
export class JsonError extends Error {}

const STRING_AND_COLON = /"(?:[^"\\]|\\.)*"(?:[\t\n\r ]*(:))?/g;

/**
 * Parses JSON whose objects name each key once. `JSON.parse` silently keeps the last of two equal keys where
 * other parsers keep the first, so that two readers of one signed text could see two statements.
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
  if (countWrittenKeys(text) !== countKeys(value)) throw new JsonError('an object in it names a key twice');
  return value;
}

/** Keys as written. In valid JSON every quote opens or ends a string, and a colon after one makes it a key. */
function countWrittenKeys(text: string): number {
  let count = 0;
  for (const match of text.matchAll(STRING_AND_COLON)) if (match[1] !== undefined) count += 1;
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
