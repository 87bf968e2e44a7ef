import { BencodeError, type BencodeErrorCode } from './error.ts';
import { DistinctKeys, KEY_PROBLEMS, SortedKeys } from './key-order.ts';
import type { BencodeLimits } from './limits.ts';
import { Tape } from './tape.ts';

const BYTE = {
  e: 0x65,
  i: 0x69,
  l: 0x6c,
  d: 0x64,
  colon: 0x3a,
  minus: 0x2d,
  zero: 0x30,
  nine: 0x39,
} as const;

/** Checks one value at the start of `source` in a single pass and notes where its tokens are. */
export function scan(source: Uint8Array, limits: BencodeLimits): Tape {
  if (source.length > limits.bytes) {
    throw new BencodeError(
      'too-large',
      `bencode of ${source.length} bytes: at most ${limits.bytes} are read`,
    );
  }
  const scanner = new Scanner(source, limits);
  scanner.value(0);
  return scanner.tape;
}

/** One pass over the source. `#at` is the next byte; depth is bounded by the limits, so recursion is too. */
class Scanner {
  readonly tape: Tape;
  readonly #source: Uint8Array;
  readonly #limits: BencodeLimits;
  #at = 0;

  constructor(source: Uint8Array, limits: BencodeLimits) {
    this.tape = new Tape(source);
    this.#source = source;
    this.#limits = limits;
  }

  value(depth: number): void {
    const first = this.#source[this.#at];
    if (first === BYTE.i) this.#integer();
    else if (first === BYTE.l) this.#list(depth + 1);
    else if (first === BYTE.d) this.#dictionary(depth + 1);
    else this.#string();
  }

  #list(depth: number): void {
    const token = this.#openNested(depth);
    while (!this.#atEnd()) this.value(depth);
    this.#closeNested(token);
  }

  #dictionary(depth: number): void {
    const token = this.#openNested(depth);
    const order = this.#limits.sortedKeys ? new SortedKeys(this.#source) : new DistinctKeys(this.#source);
    while (!this.#atEnd()) {
      const start = this.#at;
      if (!isDigit(this.#source[start])) this.#fail('bad-key', 'a dictionary key is no string');
      const keyAt = this.#string();
      const problem = order.refuses(keyAt, this.#at);
      if (problem) this.#fail(problem, KEY_PROBLEMS[problem], start);
      if (this.#source[this.#at] === BYTE.e) this.#fail('unexpected-byte', 'a dictionary key has no value');
      this.value(depth);
    }
    this.#closeNested(token);
  }

  #openNested(depth: number): number {
    if (depth > this.#limits.depth) {
      this.#fail('too-deep', `lists and dictionaries are nested deeper than ${this.#limits.depth}`);
    }
    const token = this.#open();
    this.#at += 1;
    return token;
  }

  #closeNested(token: number): void {
    this.#at += 1;
    this.tape.close(token, this.#at);
  }

  /** Whether the next byte ends a list or a dictionary. */
  #atEnd(): boolean {
    return this.#source[this.#at] === BYTE.e;
  }

  #integer(): void {
    const token = this.#open();
    this.#at += 1;
    const negative = this.#source[this.#at] === BYTE.minus;
    if (negative) this.#at += 1;
    const first = this.#at;
    const digits = this.#digits(this.#limits.integerDigits);
    if (digits === 0) this.#fail(this.#missing('bad-integer'), 'an integer has no digits');
    if (this.#source[first] === BYTE.zero && (digits > 1 || negative)) {
      this.#fail('bad-integer', 'an integer has a leading zero or is minus zero', first);
    }
    if (!this.#atEnd()) this.#fail(this.#missing('bad-integer'), 'an integer is not ended by "e"');
    this.#at += 1;
    this.tape.close(token, this.#at);
  }

  /** Reads `<length>:<bytes>`. Returns where the bytes start; they end at `#at`. */
  #string(): number {
    const start = this.#at;
    if (!isDigit(this.#source[start])) this.#fail(this.#missing('unexpected-byte'), 'no value starts here');
    const token = this.#open();
    // Ten digits are more than any allowed input; the number stays exact.
    const digits = this.#digits(10);
    if (this.#source[start] === BYTE.zero && digits > 1) {
      this.#fail('bad-length', 'a string length has a leading zero', start);
    }
    if (this.#source[this.#at] !== BYTE.colon) {
      this.#fail(this.#missing('bad-length'), 'a string length is not ended by ":"');
    }
    let length = 0;
    for (let index = start; index < this.#at; index += 1) {
      length = length * 10 + (this.#source[index] as number) - BYTE.zero;
    }
    this.#at += 1;
    const content = this.#at;
    if (length > this.#source.length - content) {
      this.#fail(
        'truncated',
        `a string of ${length} bytes has only ${this.#source.length - content} left`,
        start,
      );
    }
    this.#at = content + length;
    this.tape.close(token, this.#at);
    return content;
  }

  /** Passes over digits and says how many there were. */
  #digits(limit: number): number {
    const start = this.#at;
    while (isDigit(this.#source[this.#at])) {
      this.#at += 1;
      if (this.#at - start > limit) {
        this.#fail('too-many-digits', `a number has more than ${limit} digits`, start);
      }
    }
    return this.#at - start;
  }

  #open(): number {
    if (this.tape.count >= this.#limits.tokens) {
      this.#fail('too-many-tokens', `there are more than ${this.#limits.tokens} values and keys`);
    }
    return this.tape.open(this.#at);
  }

  /** `truncated` when the input ended here, else `code`. */
  #missing(code: BencodeErrorCode): BencodeErrorCode {
    return this.#at >= this.#source.length ? 'truncated' : code;
  }

  #fail(code: BencodeErrorCode, reason: string, at = this.#at): never {
    throw new BencodeError(code, `bencode, byte ${at}: ${reason}`);
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= BYTE.zero && byte <= BYTE.nine;
}
