import { fromUtf8, TextFormError } from '../bytes/index.ts';

/** Why a JSON text was refused; callers add what it was. */
export class JsonError extends Error {}

const [QUOTE, BACKSLASH, COLON, MINUS, DOT] = [0x22, 0x5c, 0x3a, 0x2d, 0x2e];
const [ZERO, NINE, SMALL_E, LARGE_E] = [0x30, 0x39, 0x65, 0x45];
/** Tab, line feed, carriage return, space: all white space that JSON has. */
const WHITE = new Set([0x09, 0x0a, 0x0d, 0x20]);

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
function countWrittenKeys(json: string): number | undefined {
  let count = 0;
  for (let at = 0; at < json.length; ) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) {
      at = afterString(json, at);
      while (WHITE.has(json.charCodeAt(at))) at += 1;
      if (json.charCodeAt(at) === COLON) count += 1;
      continue;
    }
    if (code === DOT || (code === MINUS && json.charCodeAt(at + 1) === ZERO)) return undefined;
    if ((code === SMALL_E || code === LARGE_E) && isDigit(json.charCodeAt(at - 1))) return undefined;
    at += 1;
  }
  return count;
}

/** Where a string that begins at a quote has ended. */
function afterString(json: string, quote: number): number {
  let end = json.indexOf('"', quote + 1);
  while (isEscaped(json, end)) end = json.indexOf('"', end + 1);
  return end + 1;
}

/** Whether an odd number of backslashes stands before a place. */
function isEscaped(json: string, at: number): boolean {
  let before = at - 1;
  while (json.charCodeAt(before) === BACKSLASH) before -= 1;
  return (at - before) % 2 === 0;
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
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
