import { CodedError } from './errors.ts';

/** Text that is not the one canonical form of some bytes. */
export class TextFormError extends CodedError<'bad-hex' | 'bad-base64' | 'bad-base32' | 'bad-utf8'> {}

/** Bytes of which the digits are put together at once. */
const HEX_CHUNK = 1024;
const DIGITS = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));
/** What no digit has as its value. */
const NONE = 0xff;
/** The value of each hexadecimal digit by its code; NONE for all other codes. */
const HEX = new Uint8Array(128).fill(NONE);
for (let value = 0; value < 16; value += 1) {
  HEX[value.toString(16).charCodeAt(0)] = value;
  HEX[value.toString(16).toUpperCase().charCodeAt(0)] = value;
}
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  if (bytes.length > HEX_CHUNK) return toHex(bytes.subarray(0, HEX_CHUNK)) + toHex(bytes.subarray(HEX_CHUNK));
  const codes = new Uint8Array(2 * bytes.length);
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] as number;
    codes[2 * at] = DIGITS[byte >> 4] as number;
    codes[2 * at + 1] = DIGITS[byte & 15] as number;
  }
  // In one piece: a text that was put together digit by digit keeps all its parts wherever it is kept. And not by
  // spreading the codes, which takes several times as long.
  return Reflect.apply(String.fromCharCode, undefined, codes) as string;
}

/** Bytes of a hexadecimal text, either case. Throws `bad-hex`. */
export function fromHex(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.floor(text.length / 2));
  let isHex = text.length % 2 === 0;
  for (let index = 0; index < bytes.length; index += 1) {
    const high = HEX[text.charCodeAt(index * 2)] ?? NONE;
    const low = HEX[text.charCodeAt(index * 2 + 1)] ?? NONE;
    if (high === NONE || low === NONE) isHex = false;
    bytes[index] = (high << 4) | low;
  }
  if (isHex) return bytes;
  throw new TextFormError('bad-hex', `${excerpt(text)} is not hexadecimal: give pairs of 0-9 and a-f`);
}

/** Bytes of unpadded base32 (RFC 4648 §6), either case, as old magnet links carry infohashes. Throws `bad-base32`. */
export function fromBase32(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8));
  let bits = 0;
  let value = 0;
  let at = 0;
  for (const letter of text.toUpperCase()) {
    const digit = BASE32.indexOf(letter);
    if (digit < 0) {
      throw new TextFormError(
        'bad-base32',
        `${excerpt(text)} is not base32: give letters A-Z and digits 2-7`,
      );
    }
    value = ((value << 5) | digit) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[at] = (value >> bits) & 0xff;
      at += 1;
    }
  }
  return bytes;
}

/** UTF-8 bytes of a text. */
export function toUtf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/** Text of UTF-8 bytes; a byte order mark is kept. Throws `bad-utf8`, never replaces. */
export function fromUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new TextFormError('bad-utf8', `${toHex(bytes.subarray(0, 16))}… is not UTF-8`, { cause });
  }
}

/** At most 80 characters of an input, quoted, for a message. */
export function excerpt(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
