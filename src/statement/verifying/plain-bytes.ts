// Texts of ASCII that are read where they stand in bytes, without a string in between.

/** The value of each base64 letter by its code; NONE for all other codes. */
const NONE = 0xff;
const BASE64 = new Uint8Array(256).fill(NONE);
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
for (let value = 0; value < LETTERS.length; value += 1) BASE64[LETTERS.charCodeAt(value)] = value;
const IS_HEX = Uint8Array.from({ length: 256 }, (_, code) =>
  Number(/^[0-9a-f]$/.test(String.fromCharCode(code))),
);
const PAD = 0x3d;

/**
 * Decodes the standard base64 (RFC 4648 §4) that stands in `bytes` from one place to another into `target` from `at` on.
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
    const first = BASE64[bytes[index] as number] as number;
    const second = BASE64[bytes[index + 1] as number] as number;
    const third = BASE64[bytes[index + 2] as number] as number;
    const fourth = BASE64[bytes[index + 3] as number] as number;
    seen |= first | second | third | fourth;
    target[end] = (first << 2) | (second >> 4);
    target[end + 1] = (second << 4) | (third >> 2);
    target[end + 2] = (third << 6) | fourth;
    end += 3;
  }
  const padding = bytes[to - 1] !== PAD ? 0 : bytes[to - 2] !== PAD ? 1 : 2;
  let group = 0;
  for (let index = 0; index < 4; index += 1) {
    const value = index < 4 - padding ? (BASE64[bytes[last + index] as number] as number) : 0;
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

/** Whether lower-case hexadecimal digits stand from one place to another. */
export function isLowerHex(bytes: Uint8Array, from: number, to: number): boolean {
  let isHex = 1;
  for (let at = from; at < to; at += 1) isHex &= IS_HEX[bytes[at] as number] as number;
  return isHex === 1;
}

/** Whether all bytes from one place to another are ASCII. */
export function isAscii(bytes: Uint8Array, from: number, to: number): boolean {
  let seen = 0;
  for (let at = from; at < to; at += 1) seen |= bytes[at] as number;
  return seen < 0x80;
}
