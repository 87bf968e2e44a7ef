/** What may be wrong with a dictionary's key, in words. */
export const KEY_PROBLEMS = {
  'unsorted-keys': 'dictionary keys are not in the order of their raw bytes',
  'duplicate-key': 'a dictionary key comes twice',
} as const;

type KeyProblem = keyof typeof KEY_PROBLEMS;

/** Canonical order: each key is greater than the one before it. */
export class SortedKeys {
  readonly #source: Uint8Array;
  #start = -1;
  #end = -1;

  constructor(source: Uint8Array) {
    this.#source = source;
  }

  refuses(start: number, end: number): KeyProblem | undefined {
    const order = this.#start < 0 ? -1 : this.#compareToLast(start, end);
    this.#start = start;
    this.#end = end;
    if (order < 0) return undefined;
    return order === 0 ? 'duplicate-key' : 'unsorted-keys';
  }

  /** Below zero when the last key sorts before the one at `start`. */
  #compareToLast(start: number, end: number): number {
    const source = this.#source;
    const shared = Math.min(this.#end - this.#start, end - start);
    for (let index = 0; index < shared; index += 1) {
      const difference = (source[this.#start + index] as number) - (source[start + index] as number);
      if (difference !== 0) return difference;
    }
    return this.#end - this.#start - (end - start);
  }
}

/** Any order, but each key once. */
export class DistinctKeys {
  readonly #source: Uint8Array;
  readonly #seen = new Set<string>();

  constructor(source: Uint8Array) {
    this.#source = source;
  }

  refuses(start: number, end: number): KeyProblem | undefined {
    let key = '';
    for (let index = start; index < end; index += 1)
      key += String.fromCharCode(this.#source[index] as number);
    if (this.#seen.has(key)) return 'duplicate-key';
    this.#seen.add(key);
    return undefined;
  }
}
