/**
 * Dictionary keys as JavaScript text, without loss. Bytes that are UTF-8 become that text, U+FFFD included.
 * In any other key each byte that is part of no UTF-8 sequence becomes a lone surrogate, U+DC00 + byte, which
 * no UTF-8 decodes to: the way back is exact, and two keys never become one.
 */
import { concatBytes, fromUtf8, toUtf8 } from '../../bytes/index.ts';

const SURROGATE = 0xdc00;
const LONE_BYTE = /[\udc80-\udcff]/u;

/** The text of a key. */
export function keyText(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch {
    return escaped(bytes); // not UTF-8: the stray bytes are carried as surrogates
  }
}

/** The bytes of a key, from {@link keyText} or from anywhere else. */
export function keyBytes(text: string): Uint8Array {
  if (!LONE_BYTE.test(text)) return toUtf8(text);
  const parts: Uint8Array[] = [];
  for (const letter of text) {
    parts.push(
      LONE_BYTE.test(letter) ? Uint8Array.of((letter.codePointAt(0) as number) - SURROGATE) : toUtf8(letter),
    );
  }
  return concatBytes(...parts);
}

function escaped(bytes: Uint8Array): string {
  let text = '';
  let at = 0;
  while (at < bytes.length) {
    const width = sequenceWidth(bytes, at);
    text +=
      width === 0
        ? String.fromCharCode(SURROGATE + (bytes[at] as number))
        : fromUtf8(bytes.subarray(at, at + width));
    at += Math.max(width, 1);
  }
  return text;
}

/** How many bytes the UTF-8 sequence at a place has, 0 when there is none. */
function sequenceWidth(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number;
  const width = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 0;
  if (width < 2) return width;
  try {
    return fromUtf8(bytes.subarray(at, at + width)).length > 0 && at + width <= bytes.length ? width : 0;
  } catch {
    return 0; // no sequence starts here: the byte stands alone
  }
}
