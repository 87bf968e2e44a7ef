import { WireError } from './error.ts';

/** Most parameters and longest query that are read. */
const MAXIMUM_PARAMETERS = 128;
const MAXIMUM_QUERY = 8192;

/** Bytes as a query carries them: all but the unreserved characters of RFC 3986 escaped. */
export function escapeBytes(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    const letter = String.fromCharCode(byte);
    text += /[A-Za-z0-9._~-]/.test(letter) ? letter : `%${byte.toString(16).padStart(2, '0')}`;
  }
  return text;
}

/**
 * Parameters of a query, values still escaped, in order. Infohashes are raw bytes, no UTF-8, so that
 * `URLSearchParams` would destroy them. Throws `bad-announce` beyond the bounds.
 */
export function splitQuery(query: string): [name: string, value: string][] {
  if (query.length > MAXIMUM_QUERY) {
    throw new WireError('bad-announce', `a query of ${query.length} characters is too long`);
  }
  const parts = query.split('&').filter((part) => part !== '');
  if (parts.length > MAXIMUM_PARAMETERS) {
    throw new WireError('bad-announce', `a query of ${parts.length} parameters has too many`);
  }
  return parts.map((part) => {
    const at = part.indexOf('=');
    return at < 0 ? [part, ''] : [part.slice(0, at), part.slice(at + 1)];
  });
}

/** Raw bytes of an escaped value (`+` stands for itself). Throws `bad-announce` unless there are `length` of them. */
export function unescapeBytes(name: string, value: string, length: number): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  for (let at = 0; at < value.length; at += 1) {
    const code = value.charCodeAt(at);
    if (code === 0x25) {
      const digits = value.slice(at + 1, at + 3);
      if (!/^[0-9a-fA-F]{2}$/.test(digits)) throw new WireError('bad-announce', `${name} is escaped wrongly`);
      bytes.push(Number.parseInt(digits, 16));
      at += 2;
    } else if (code > 0x7e || code < 0x21) {
      throw new WireError('bad-announce', `${name} has a character that must be escaped`);
    } else bytes.push(code);
  }
  if (bytes.length !== length) {
    throw new WireError('bad-announce', `${name} has ${bytes.length} bytes, not ${length}`);
  }
  return Uint8Array.from(bytes);
}

/** A whole number from 0 to 2^53 − 1. Throws `bad-announce`. */
export function naturalOf(name: string, value: string): number {
  const number = /^[0-9]{1,16}$/.test(value) ? Number(value) : Number.NaN;
  if (!Number.isSafeInteger(number)) {
    throw new WireError('bad-announce', `${name} is no whole number from 0 to 2^53 - 1`);
  }
  return number;
}
