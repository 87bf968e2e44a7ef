import { isDeepStrictEqual } from 'node:util';
import { type CodedError, equalBytes, toHex } from '../../src/bytes/index.ts';

/** Some class of errors that a parser may refuse bytes with. */
type Refusal = abstract new (...parameters: never[]) => CodedError;

/** What a parser gives, or `undefined` when it refused with an error of its own; any other error is a finding. */
export function accepted<Value>(refusal: Refusal, read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof refusal && typeof error.code === 'string' && error.message !== '') return undefined;
    throw error;
  }
}

/** Throws unless both hold the same bytes. */
export function mustEqual(actual: Uint8Array, expected: Uint8Array, what: string): void {
  if (equalBytes(actual, expected)) return;
  throw new Error(`${what}: ${toHex(actual).slice(0, 400)} is not ${toHex(expected).slice(0, 400)}`);
}

/** Hands bytes on in parts, whose lengths follow from a seed. */
export function inParts(bytes: Uint8Array, seed: number, take: (part: Uint8Array) => void): void {
  let state = seed + 1;
  for (let at = 0; at < bytes.length; ) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    const length = 1 + ((state >>> 8) % (state % 3 === 0 ? 3 : 40));
    // As a socket does: in a Buffer, whose memory is used again afterwards.
    const part = Buffer.from(bytes.subarray(at, at + length));
    take(part);
    part.fill(0xa5);
    at += length;
  }
}

/** Reads what a target needs to choose from the input; beyond the end stand zeros. */
export class Choices {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** A number from 0 to `limit - 1`; at most 256 of them. */
  below(limit: number): number {
    return (this.take(1)[0] as number) % limit;
  }

  uint32(): number {
    const [a, b, c, d] = this.take(4) as unknown as [number, number, number, number];
    return a * 2 ** 24 + (b << 16) + (c << 8) + d;
  }

  take(count: number): Uint8Array {
    const taken = new Uint8Array(count);
    taken.set(this.#bytes.subarray(this.#at, this.#at + count));
    this.#at += count;
    return taken;
  }

  /** All that is left. */
  rest(): Uint8Array {
    return this.#bytes.slice(this.#at);
  }
}

/** Reads bytes from a Buffer whose memory is used again afterwards, as sockets do; throws when the value changed. */
export function readAndOverwrite<Value>(bytes: Uint8Array, read: (buffer: Uint8Array) => Value): Value {
  const buffer = Buffer.from(bytes);
  const value = read(buffer);
  const before = structuredClone(value);
  buffer.fill(0xa5);
  if (!isDeepStrictEqual(value, before)) throw new Error('a value keeps memory that is not its own');
  return value;
}
