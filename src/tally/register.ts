import { LargeMap } from './large-map.ts';

/** A large map that nothing leaves, in the order in which it was filled: what a log has said is never taken back. */
export class Register<Value> implements Iterable<[string, Value]> {
  readonly #values = new LargeMap<Value>();
  readonly #keys: string[] = [];

  get size(): number {
    return this.#keys.length;
  }

  get(key: string): Value | undefined {
    return this.#values.get(key);
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  set(key: string, value: Value): void {
    this.#values.set(key, value);
    if (this.#values.size > this.#keys.length) this.#keys.push(key);
  }

  keys(): IterableIterator<string> {
    return this.#keys.values();
  }

  *values(): IterableIterator<Value> {
    for (const [, value] of this) yield value;
  }

  /** What came at the places `from` up to and without `to`, counted from 0. */
  slice(from: number, to: number): Value[] {
    return this.#keys.slice(from, to).map((key) => this.#values.get(key) as Value);
  }

  *[Symbol.iterator](): Iterator<[string, Value]> {
    for (const key of this.#keys) yield [key, this.#values.get(key) as Value];
  }
}
