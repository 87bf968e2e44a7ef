import { compareBytes, toUtf8 } from '../bytes/index.ts';
import { BencodeError } from './error.ts';
import { BencodeNode } from './node.ts';

/**
 * What has a bencoded form. Text becomes its UTF-8 bytes, an object or a map a dictionary (its `undefined`
 * values are left out); a {@link BencodeNode} or {@link Bencoded} goes in byte for byte.
 */
export type Encodable =
  | number
  | bigint
  | string
  | Uint8Array
  | BencodeNode
  | Bencoded
  | readonly Encodable[]
  | ReadonlyMap<string | Uint8Array, Encodable>
  | { readonly [key: string]: Encodable | undefined };

/** Bytes that are bencode already, to be put into a larger value without being read. */
export class Bencoded {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

const MAXIMUM_DEPTH = 200;

/**
 * Writes canonical bencode (BEP 3): dictionary keys sorted by raw bytes, integers exact. Throws
 * `not-encodable` for fractions, unsafe numbers and cycles, `duplicate-key` for two keys with equal bytes.
 */
export function encode(value: Encodable): Uint8Array<ArrayBuffer> {
  const writer = new Writer();
  write(writer, value, 0);
  return writer.finish();
}

function write(writer: Writer, value: Encodable, depth: number): void {
  if (depth > MAXIMUM_DEPTH) {
    throw new BencodeError('not-encodable', `a value nested deeper than ${MAXIMUM_DEPTH} is not encoded`);
  }
  if (typeof value === 'string') writer.text(value);
  else if (value instanceof Uint8Array) writer.string(value);
  else if (typeof value === 'number' || typeof value === 'bigint') writer.ascii(`i${exact(value)}e`);
  else if (value instanceof BencodeNode) writer.raw(value.raw);
  else if (value instanceof Bencoded) writer.raw(value.bytes);
  else if (isList(value)) writeList(writer, value, depth);
  else if (typeof value === 'object' && value !== null) writeDictionary(writer, value, depth);
  else throw new BencodeError('not-encodable', `a ${typeof value} has no bencoded form`);
}

function writeList(writer: Writer, items: readonly Encodable[], depth: number): void {
  writer.ascii('l');
  for (const item of items) write(writer, item, depth + 1);
  writer.ascii('e');
}

function writeDictionary(
  writer: Writer,
  dictionary: ReadonlyMap<string | Uint8Array, Encodable> | { readonly [key: string]: Encodable | undefined },
  depth: number,
): void {
  const pairs: Iterable<[string | Uint8Array, Encodable | undefined]> =
    dictionary instanceof Map ? dictionary : Object.entries(dictionary);
  const entries: Entry[] = [];
  for (const [key, value] of pairs) {
    if (value !== undefined)
      entries.push([typeof key === 'string' && !isAscii(key) ? toUtf8(key) : key, value]);
  }
  if (!isSorted(entries)) entries.sort(([left], [right]) => compareKeys(left, right));
  writer.ascii('d');
  let last: string | Uint8Array | undefined;
  for (const [key, value] of entries) {
    if (last !== undefined && compareKeys(last, key) === 0) {
      throw new BencodeError('duplicate-key', 'a dictionary to encode has two keys with the same bytes');
    }
    last = key;
    if (typeof key === 'string') writer.text(key);
    else writer.string(key);
    write(writer, value, depth + 1);
  }
  writer.ascii('e');
}

/** A key as ASCII text or as bytes, and its value. */
type Entry = readonly [key: string | Uint8Array, value: Encodable];

/** Order of raw bytes; that of ASCII text is the same. */
function compareKeys(left: string | Uint8Array, right: string | Uint8Array): number {
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : left > right ? 1 : 0;
  return compareBytes(
    typeof left === 'string' ? toUtf8(left) : left,
    typeof right === 'string' ? toUtf8(right) : right,
  );
}

function isSorted(entries: readonly Entry[]): boolean {
  for (let index = 1; index < entries.length; index += 1) {
    const [[left], [right]] = [entries[index - 1] as Entry, entries[index] as Entry];
    if (compareKeys(left, right) >= 0) return false;
  }
  return true;
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) > 0x7f) return false;
  }
  return true;
}

function exact(value: number | bigint): string {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw new BencodeError('not-encodable', `${value} is not an exact integer`);
  }
  return Object.is(value, -0) ? '0' : value.toString();
}

function isList(value: Encodable): value is readonly Encodable[] {
  return Array.isArray(value);
}

/** Bytes that grow at their end. */
class Writer {
  #buffer = new Uint8Array(256);
  #length = 0;

  ascii(text: string): void {
    const at = this.#grow(text.length);
    for (let index = 0; index < text.length; index += 1) this.#buffer[at + index] = text.charCodeAt(index);
  }

  raw(bytes: Uint8Array): void {
    const at = this.#grow(bytes.length);
    this.#buffer.set(bytes, at);
  }

  /** A string of text: its length and UTF-8. */
  text(text: string): void {
    if (!isAscii(text)) {
      this.string(toUtf8(text));
      return;
    }
    this.ascii(`${text.length}:`);
    this.ascii(text);
  }

  string(bytes: Uint8Array): void {
    this.ascii(`${bytes.length}:`);
    this.raw(bytes);
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.#buffer.slice(0, this.#length);
  }

  /** Makes room and returns where it starts. */
  #grow(by: number): number {
    const start = this.#length;
    this.#length += by;
    if (this.#length > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(this.#length, this.#buffer.length * 2));
      grown.set(this.#buffer.subarray(0, start));
      this.#buffer = grown;
    }
    return start;
  }
}
