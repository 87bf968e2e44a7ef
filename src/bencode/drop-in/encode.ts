import { BencodeError, type Encodable, encode as encodeStrictly } from '../index.ts';
import { keyBytes } from './keys.ts';

const MAXIMUM_DEPTH = 200;

/**
 * Writes bencode, keys sorted by raw bytes. As in the package `null` and `undefined` are left out, booleans
 * are 0 and 1, and maps and sets are taken; a fraction is refused instead of cut.
 *
 * @param target where to write; then `target` is what is returned
 * @param offset where in `target` to start
 */
export function encode(value: unknown, target?: Uint8Array, offset = 0): Uint8Array {
  const bytes =
    value === null || value === undefined ? new Uint8Array() : encodeStrictly(encodable(value, 0));
  if (target !== undefined) {
    target.set(bytes, offset);
    return target;
  }
  return typeof Buffer === 'undefined' ? bytes : Buffer.from(bytes.buffer);
}

/** How many bytes {@link encode} writes. */
export function encodingLength(value: unknown): number {
  return encode(value).length;
}

function encodable(value: unknown, depth: number): Encodable {
  if (depth > MAXIMUM_DEPTH) {
    throw new BencodeError('not-encodable', `a value nested deeper than ${MAXIMUM_DEPTH} is not encoded`);
  }
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value !== 'object' || value === null) return value as Encodable;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (Array.isArray(value) || value instanceof Set) {
    return Array.from(value as Iterable<unknown>)
      .filter((item) => item !== null && item !== undefined)
      .map((item) => encodable(item, depth + 1));
  }
  const pairs: Iterable<[unknown, unknown]> = value instanceof Map ? value : Object.entries(value);
  return dictionary(pairs, depth);
}

function dictionary(pairs: Iterable<[unknown, unknown]>, depth: number): Map<Uint8Array, Encodable> {
  const entries = new Map<Uint8Array, Encodable>();
  for (const [key, value] of pairs) {
    if (value === null || value === undefined) continue;
    const bytes = ArrayBuffer.isView(key)
      ? new Uint8Array(key.buffer, key.byteOffset, key.byteLength)
      : keyBytes(String(key));
    entries.set(bytes, encodable(value, depth + 1));
  }
  return entries;
}
