import { hash } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { checkBatch, checkBlobSize, checkHashRange, checkMeta, checkRange, digestBytes } from './checks.ts';
import { StoreError } from './errors.ts';
import { backupDatabase } from './sqlite-backup.ts';
import { storeErrorOf } from './sqlite-errors.ts';
import { openDatabase } from './sqlite-open.ts';
import { prepareStatements, type Statements } from './sqlite-statements.ts';
import { StatementIndex } from './statement-index.ts';
import {
  type EntryBatch,
  type EntryPlace,
  STORE_LIMITS,
  type StatementKey,
  type Store,
  type StoredCheckpoint,
  type StoredEntry,
  type StoreHead,
} from './store.ts';

export interface SqliteOptions {
  /** The file, beside which SQLite keeps `<path>-wal`. */
  readonly path: string;
  /** Told once of the error of the medium after which the store takes no further call, whoever met it. */
  readonly onFailure?: (error: StoreError) => void;
}

/**
 * Opens (or makes) a store in an SQLite file. One process at a time may have it open.
 *
 * Throws {@link StoreError} `in-use`, `newer-schema`, `foreign-file` and `failed`.
 *
 * @example
 * const store = await openSqliteStore({ path: 'data/log.sqlite' });
 */
export async function openSqliteStore({ path, onFailure }: SqliteOptions): Promise<Store> {
  try {
    const database = await openDatabase(path);
    try {
      return new SqliteStore(database, path, onFailure);
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    throw storeErrorOf(error, path);
  }
}

/** SQLite answers at once, so every method here does its whole work before its promise is returned. */
class SqliteStore implements Store {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  readonly #onFailure: ((error: StoreError) => void) | undefined;
  readonly #index: StatementIndex;
  /** Why no further call is taken: it was closed, or the medium failed and is not to be believed. */
  #ended: StoreError | undefined;

  constructor(database: DatabaseSync, path: string, onFailure: SqliteOptions['onFailure']) {
    this.#database = database;
    this.#path = path;
    this.#onFailure = onFailure;
    this.#statements = prepareStatements(database);
    this.#index = new StatementIndex(this.#statements);
  }

  async head(): Promise<StoreHead> {
    return this.#use(({ last }) => this.#head(last));
  }

  async appendEntries(batch: EntryBatch): Promise<void> {
    checkBatch(batch);
    const keep = this.#write(({ last, insertEntry, insertHash }) => {
      const { size, timeMs } = this.#head(last);
      let newest = timeMs;
      if (batch.firstIndex !== size) {
        throw new StoreError('conflict', `entries from ${batch.firstIndex} do not continue a log of ${size}`);
      }
      for (const [offset, entry] of batch.entries.entries()) {
        if (entry.timeMs < newest) {
          throw new StoreError(
            'conflict',
            `entry ${size + offset} is older (${entry.timeMs}) than the one before`,
          );
        }
        newest = entry.timeMs;
        insertEntry.run(
          size + offset,
          entry.timeMs,
          digestBytes('signer key', entry.signerKey),
          digestBytes('payload digest', entry.payloadDigest),
          entry.envelope,
        );
        insertHash.run(0, size + offset, entry.leafHash);
      }
      const kept = this.#index.add(size, batch.entries);
      for (const { level, index, hash } of batch.tileHashes) insertHash.run(level, index, hash);
      return kept;
    });
    keep();
  }

  async readEntries(from: number, to: number): Promise<StoredEntry[]> {
    checkRange(from, to);
    return this.#use(({ entries }) => {
      const read: StoredEntry[] = [];
      let bytes = 0;
      for (const row of entries.iterate(from, to, STORE_LIMITS.readEntries)) {
        const envelope = row['envelope'] as Uint8Array;
        read.push({ index: row['entry_index'] as number, timeMs: row['time_ms'] as number, envelope });
        bytes += envelope.length;
        if (bytes >= STORE_LIMITS.readBytes) break;
      }
      return read;
    });
  }

  async findEntries(statements: readonly StatementKey[]): Promise<(EntryPlace | undefined)[]> {
    return this.#use(() => this.#index.find(statements));
  }

  async readHashes(level: number, from: number, to: number): Promise<Uint8Array> {
    checkHashRange(from, to);
    return this.#use(({ hashes }) =>
      Buffer.concat(hashes.all(level, from, to).map((row) => row['hash'] as Uint8Array)),
    );
  }

  async getCheckpoint(): Promise<StoredCheckpoint | undefined> {
    return this.#use(({ checkpoint }) => {
      const row = checkpoint.get();
      return row === undefined ? undefined : { size: row['size'] as number, note: row['note'] as Uint8Array };
    });
  }

  async putCheckpoint({ size, note }: StoredCheckpoint): Promise<void> {
    this.#write(({ putCheckpoint }) => {
      if (putCheckpoint.run(size, note).changes !== 1) {
        throw new StoreError('conflict', `a checkpoint of size ${size} is older than the stored one`);
      }
    });
  }

  async getBlob(sha256: string): Promise<Uint8Array | undefined> {
    const name = digestBytes('blob', sha256);
    return this.#use(({ blob }) => blob.get(name)?.['bytes'] as Uint8Array | undefined);
  }

  async putBlob(sha256: string, bytes: Uint8Array): Promise<void> {
    const name = digestBytes('blob', sha256);
    checkBlobSize(bytes);
    const digest = hash('sha256', bytes);
    if (digest !== sha256) throw new StoreError('bad-blob', `blob ${sha256} has SHA-256 ${digest}`);
    this.#write(({ putBlob }) => putBlob.run(name, bytes));
  }

  async getMeta(name: string): Promise<Uint8Array | undefined> {
    return this.#use(({ meta }) => meta.get(name)?.['value'] as Uint8Array | undefined);
  }

  async putMeta(name: string, value: Uint8Array): Promise<void> {
    checkMeta(name, value);
    this.#write(({ putMeta }) => putMeta.run(name, value));
  }

  async backup(path: string): Promise<void> {
    if (this.#ended !== undefined) throw this.#ended;
    await backupDatabase(this.#database, path);
  }

  async close(): Promise<void> {
    if (!this.#database.isOpen) return;
    this.#ended ??= new StoreError('closed', `${this.#path}: the store was closed`);
    this.#database.close();
  }

  #head(last: StatementSync): StoreHead {
    const row = last.get();
    return row === undefined
      ? { size: 0, timeMs: 0 }
      : { size: (row['entry_index'] as number) + 1, timeMs: row['time_ms'] as number };
  }

  /** Runs one use of the database; an error of the medium ends the store. */
  #use<Value>(work: (statements: Statements) => Value): Value {
    if (this.#ended !== undefined) throw this.#ended;
    try {
      return work(this.#statements);
    } catch (cause) {
      const error = storeErrorOf(cause, this.#path);
      if (error instanceof StoreError && error.code === 'failed') {
        this.#ended = new StoreError('closed', `${this.#path}: ended after a failure, open it anew`, {
          cause: error,
        });
        this.#onFailure?.(error);
      }
      throw error;
    }
  }

  /** Runs one transaction: all of it is durable when this returns, and nothing of it stays when it throws. */
  #write<Value>(work: (statements: Statements) => Value): Value {
    return this.#use((statements) => {
      statements.begin.run();
      try {
        const value = work(statements);
        statements.commit.run();
        return value;
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw error;
      }
    });
  }
}
