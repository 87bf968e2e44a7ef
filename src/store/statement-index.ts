import { digestBytes } from './checks.ts';
import { StoreError } from './errors.ts';
import type { Statements } from './sqlite-statements.ts';
import type { EntryPlace, NewEntry, StatementKey } from './store.ts';

/**
 * Entries that are added to the table of statements at a time. Statements come in no order, so each would change a page
 * of its own; of many at once, sorted, several fall on a page, and each page is written once.
 */
export const INDEX_EVERY = 4096;

/**
 * Finds entries by their statement: the older ones by the table `statements`, which holds the entries below the mark
 * in `indexed`, and the newest ones, fewer than {@link INDEX_EVERY}, by a map that is made anew at each start. Table and
 * mark change in the transaction of the entries that fill the map, so they say the same after any crash. All of it
 * follows from the entries.
 */
export class StatementIndex {
  readonly #statements: Statements;
  /** Entries that the table holds. */
  #indexed: number;
  /** The others: statement → index of its entry. */
  #newest: Map<string, number>;
  /** Statements that the last question found nowhere, while no entry was added since. */
  #absent: ReadonlySet<string> = new Set();

  /** Reads the newest entries; table and mark must fit (`mend-index.ts`). */
  constructor(statements: Statements) {
    this.#statements = statements;
    this.#indexed = indexedEntries(statements);
    this.#newest = new Map();
    for (const { statement, entry_index } of statements.newest.iterate(this.#indexed)) {
      this.#newest.set(statement as string, entry_index as number);
    }
  }

  /** Where statements stand, in the order of the question. */
  find(keys: readonly StatementKey[]): (EntryPlace | undefined)[] {
    const absent = new Set<string>();
    const places = keys.map((key) => {
      const name = nameOf(key);
      const index = this.#newest.get(name) ?? this.#findIndexed(key);
      if (index === undefined) absent.add(name);
      return index === undefined ? undefined : this.#placeOf(index);
    });
    this.#absent = absent;
    return places;
  }

  /**
   * Takes entries in that are being written, from index `first` on; runs in their transaction. Throws `conflict` for a
   * statement that is there already.
   *
   * @returns to be called when the transaction is durable, and else not
   */
  add(first: number, entries: readonly NewEntry[]): () => void {
    const absent = this.#absent;
    this.#absent = new Set();
    const added = new Map<string, number>();
    for (const [offset, entry] of entries.entries()) {
      const name = nameOf(entry);
      const isKnown =
        added.has(name) ||
        (!absent.has(name) && (this.#newest.has(name) || this.#findIndexed(entry) !== undefined));
      if (isKnown) {
        throw new StoreError('conflict', `entry ${first + offset} repeats a statement that is in the log`);
      }
      added.set(name, first + offset);
    }
    const size = first + entries.length;
    const isFull = size - this.#indexed >= INDEX_EVERY;
    if (isFull) indexUpTo(this.#statements, this.#indexed, size);
    return () => {
      if (isFull) {
        this.#newest = new Map();
        this.#indexed = size;
      } else {
        for (const [name, index] of added) this.#newest.set(name, index);
      }
    };
  }

  #findIndexed({ signerKey, payloadDigest }: StatementKey): number | undefined {
    const row = this.#statements.indexedStatement.get(
      digestBytes('signer key', signerKey),
      digestBytes('payload digest', payloadDigest),
    );
    return row?.['entry_index'] as number | undefined;
  }

  #placeOf(index: number): EntryPlace | undefined {
    const row = this.#statements.place.get(index);
    return row === undefined
      ? undefined
      : { index, timeMs: row['time_ms'] as number, leafHash: row['hash'] as Uint8Array };
  }
}

/** Entries that the table of statements holds, by its mark. */
export function indexedEntries(statements: Pick<Statements, 'indexed'>): number {
  return (statements.indexed.get()?.['entries'] as number | undefined) ?? 0;
}

/** Adds the entries `from` up to and without `to` to the table of statements, within a transaction. */
export function indexUpTo(
  statements: Pick<Statements, 'addStatements' | 'putIndexed'>,
  from: number,
  to: number,
): void {
  statements.addStatements.run(from, to);
  statements.putIndexed.run(to);
}

function nameOf({ signerKey, payloadDigest }: StatementKey): string {
  return signerKey + payloadDigest;
}
