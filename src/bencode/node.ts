import { fromUtf8, toUtf8 } from '../bytes/index.ts';
import { BencodeError } from './error.ts';
import type { Tape } from './tape.ts';

export type BencodeKind = 'integer' | 'bytes' | 'list' | 'dictionary';

const KINDS: Readonly<Record<number, BencodeKind>> = { 0x69: 'integer', 0x6c: 'list', 0x64: 'dictionary' };
const COLON = 0x3a;

/** UTF-8 of keys that were asked for, so that it is made once each. Bounded: programs ask for few. */
const knownKeys = new Map<string, Uint8Array>();
const MAXIMUM_KNOWN_KEYS = 256;

function utf8Of(key: string): Uint8Array {
  let bytes = knownKeys.get(key);
  if (!bytes) {
    bytes = toUtf8(key);
    if (knownKeys.size < MAXIMUM_KNOWN_KEYS) knownKeys.set(key, bytes);
  }
  return bytes;
}

/**
 * One checked value inside decoded bencode. Nothing is copied: `raw` and `bytes()` are views of the input, so
 * that what is hashed is what was received. Readers throw `wrong-kind` when the value is of another kind.
 */
export class BencodeNode {
  readonly #tape: Tape;
  readonly #token: number;

  /** @internal Nodes come from `decode`. */
  constructor(tape: Tape, token: number) {
    this.#tape = tape;
    this.#token = token;
  }

  get kind(): BencodeKind {
    return KINDS[this.#tape.source[this.start] as number] ?? 'bytes';
  }

  /** Offset of the first byte in the input. */
  get start(): number {
    return this.#tape.startOf(this.#token);
  }

  /** Offset after the last byte in the input. */
  get end(): number {
    return this.#tape.endOf(this.#token);
  }

  /** The value as it stands in the input, its markers included: the bytes to hash. */
  get raw(): Uint8Array {
    return this.#tape.source.subarray(this.start, this.end);
  }

  /** An integer. Throws `unsafe-integer` beyond ±(2^53 − 1). */
  integer(): number {
    this.#must('integer');
    let text = '';
    for (let at = this.start + 1; at < this.end - 1; at += 1) {
      text += String.fromCharCode(this.#tape.source[at] as number);
    }
    const value = Number(text);
    if (!Number.isSafeInteger(value)) {
      throw new BencodeError('unsafe-integer', `bencode, byte ${this.start}: ${text} is beyond 2^53 - 1`);
    }
    return value;
  }

  /** The bytes of a string: a view of the input. */
  bytes(): Uint8Array {
    this.#must('bytes');
    return this.#content(this.#token);
  }

  /** A string that is UTF-8. Throws `bad-utf8` (a `TextFormError`) when it is not. */
  text(): string {
    return fromUtf8(this.bytes());
  }

  /** The values of a list, in order. */
  *items(): Generator<BencodeNode, void> {
    this.#must('list');
    const after = this.#tape.afterOf(this.#token);
    for (let token = this.#token + 1; token < after; token = this.#tape.afterOf(token)) {
      yield new BencodeNode(this.#tape, token);
    }
  }

  /** The keys of a dictionary as raw bytes with their values, in the order of the input. */
  *entries(): Generator<[key: Uint8Array, value: BencodeNode], void> {
    this.#must('dictionary');
    const after = this.#tape.afterOf(this.#token);
    for (let key = this.#token + 1; key < after; key = this.#tape.afterOf(key + 1)) {
      yield [this.#content(key), new BencodeNode(this.#tape, key + 1)];
    }
  }

  /** The value of a dictionary under a key (text stands for its UTF-8 bytes), or `undefined`. */
  get(key: string | Uint8Array): BencodeNode | undefined {
    this.#must('dictionary');
    const wanted = typeof key === 'string' ? utf8Of(key) : key;
    const after = this.#tape.afterOf(this.#token);
    for (let at = this.#token + 1; at < after; at = this.#tape.afterOf(at + 1)) {
      if (this.#isContent(at, wanted)) return new BencodeNode(this.#tape, at + 1);
    }
    return undefined;
  }

  #content(token: number): Uint8Array {
    return this.#tape.source.subarray(this.#contentStart(token), this.#tape.endOf(token));
  }

  #contentStart(token: number): number {
    let at = this.#tape.startOf(token);
    while (this.#tape.source[at] !== COLON) at += 1;
    return at + 1;
  }

  #isContent(token: number, wanted: Uint8Array): boolean {
    const start = this.#contentStart(token);
    if (this.#tape.endOf(token) - start !== wanted.length) return false;
    for (let index = 0; index < wanted.length; index += 1) {
      if (this.#tape.source[start + index] !== wanted[index]) return false;
    }
    return true;
  }

  #must(kind: BencodeKind): void {
    if (this.kind !== kind) {
      throw new BencodeError(
        'wrong-kind',
        `bencode, byte ${this.start}: ${this.kind} where ${kind} is needed`,
      );
    }
  }
}
