import { excerpt, TextFormError } from './text.ts';

// Standard base64 with padding (RFC 4648 §4), of which only the canonical form is taken.

/** The value of each letter by its code; NONE for all other codes. */
const NONE = 0xff;
const VALUES = new Uint8Array(256).fill(NONE);
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
for (let value = 0; value < LETTERS.length; value += 1) VALUES[LETTERS.charCodeAt(value)] = value;
const PAD = 0x3d;
/** Where texts up to its length are read from: longer ones than an envelope's are rare. */
const scratch = new Uint8Array(8192);
const encoder = new TextEncoder();

/** Standard base64 with padding. */
export function toBase64(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** Bytes of standard base64; only the canonical form is taken. Throws `bad-base64`. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const { length } = text;
  const padding = text.endsWith('==') ? 2 : Number(text.endsWith('='));
  const bytes = new Uint8Array(Math.max(0, Math.floor(((length - padding) * 6) / 8)));
  if (length === 0) return bytes;
  const letters = length > scratch.length ? new Uint8Array(length) : scratch;
  // What is no ASCII becomes several bytes, none of which is a letter's; where they do not fit, fewer are written.
  const { written } = encoder.encodeInto(text, letters.subarray(0, length));
  if (written === length && decodeBase64(letters, 0, length, bytes, 0) !== undefined) return bytes;
  throw new TextFormError('bad-base64', `${excerpt(text)} is not canonical base64 (RFC 4648 §4, padded)`);
}

/**
 * Decodes the standard base64 that stands in `bytes` from one place to another into `target` from `at` on.
 * Gives where the decoded bytes end there; undefined when it is not canonical, and then `target` may hold anything.
 */
export function decodeBase64(
  bytes: Uint8Array,
  from: number,
  to: number,
  target: Uint8Array,
  at: number,
): number | undefined {
  if ((to - from) % 4 !== 0 || to === from) return undefined;
  // A letter that is none has NONE, whose upper bits no value of a letter has: they show in `seen` in the end.
  let seen = 0;
  let end = at;
  const last = to - 4;
  for (let index = from; index < last; index += 4) {
    const first = VALUES[bytes[index] as number] as number;
    const second = VALUES[bytes[index + 1] as number] as number;
    const third = VALUES[bytes[index + 2] as number] as number;
    const fourth = VALUES[bytes[index + 3] as number] as number;
    seen |= first | second | third | fourth;
    target[end] = (first << 2) | (second >> 4);
    target[end + 1] = (second << 4) | (third >> 2);
    target[end + 2] = (third << 6) | fourth;
    end += 3;
  }
  const padding = bytes[to - 1] !== PAD ? 0 : bytes[to - 2] !== PAD ? 1 : 2;
  let group = 0;
  for (let index = 0; index < 4; index += 1) {
    const value = index < 4 - padding ? (VALUES[bytes[last + index] as number] as number) : 0;
    seen |= value;
    group = (group << 6) | value;
  }
  for (let index = 0; index < 3 - padding; index += 1) {
    target[end] = group >> (16 - 8 * index);
    end += 1;
  }
  // What is left over of the last letter must be zero, or several texts would stand for the same bytes.
  const left = group & ((1 << (8 * padding)) - 1);
  return seen < 64 && left === 0 ? end : undefined;
}
