import { toUtf8 } from '../../bytes/index.ts';
import { type BencodeLimits, type BencodeNode, decode as decodeStrictly, TORRENT_LIMITS } from '../index.ts';
import { keyText } from './keys.ts';

/** What the tree's packages get: numbers, `Buffer`s (plain bytes where there is no `Buffer`), arrays, objects. */
export type Decoded = number | string | Uint8Array | Decoded[] | { [key: string]: Decoded };

/**
 * Some DHT nodes and peers do not sort their keys, and the packages ignore the order. Nothing else is
 * forgiven: no repeated keys, no leading zeros, no trailing bytes, no integer beyond 2^53 - 1.
 */
const LIMITS: BencodeLimits = { ...TORRENT_LIMITS, sortedKeys: false };

/**
 * Reads one bencoded value. `null` for no input at all, as the package did. With an encoding, strings come as
 * text. Throws a `BencodeError` where the package looped, ran out of memory or read past the end.
 *
 * @param start offset of the first byte, or the encoding
 * @param end offset after the last byte, or the encoding
 */
export function decode(
  data: ArrayBufferView | string | null | undefined,
  start?: number | string | null,
  end?: number | string | null,
  encoding?: string | null,
): Decoded | null {
  if (data === null || data === undefined) return null;
  const all = typeof data === 'string' ? toUtf8(data) : viewOf(data);
  if (all.length === 0) return null;
  const bytes = all.subarray(
    typeof start === 'number' ? start : 0,
    typeof end === 'number' ? end : all.length,
  );
  const wanted = [encoding, end, start].find((each) => typeof each === 'string');
  return plain(decodeStrictly(bytes, LIMITS), wanted !== undefined);
}

function plain(node: BencodeNode, asText: boolean): Decoded {
  switch (node.kind) {
    case 'integer':
      return node.integer();
    case 'bytes':
      return asText ? new TextDecoder().decode(node.bytes()) : copyOf(node.bytes());
    case 'list':
      return Array.from(node.items(), (item) => plain(item, asText));
    case 'dictionary': {
      const dictionary: { [key: string]: Decoded } = {};
      for (const [key, value] of node.entries()) setOwn(dictionary, keyText(key), plain(value, asText));
      return dictionary;
    }
  }
}

/** Sets an own property whatever its name: `__proto__` is a name like any other. */
function setOwn(dictionary: { [key: string]: Decoded }, key: string, value: Decoded): void {
  if (key === '__proto__') {
    Object.defineProperty(dictionary, key, { value, enumerable: true, writable: true, configurable: true });
  } else {
    dictionary[key] = value;
  }
}

/** A copy, so that a stored token or node id does not keep a whole datagram alive. */
function copyOf(bytes: Uint8Array): Uint8Array {
  return typeof Buffer === 'undefined' ? bytes.slice() : Buffer.from(bytes);
}

function viewOf(data: ArrayBufferView): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
