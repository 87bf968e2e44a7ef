import type { DatabaseSync } from 'node:sqlite';
import { StoreError } from './errors.ts';

/** `bitq`: marks the file as ours (SQLite's `PRAGMA application_id`). */
const APPLICATION_ID = 0x62697471;

/**
 * The entries by what makes them the same. Derived from `entries`, and behind them: it holds those below the mark, and
 * is filled for many at a time (`statement-index.ts`). The key holds 8 bytes each of signer and digest, which makes the
 * table small; whether an entry is the one sought, its own row says.
 */
export const STATEMENTS_SCHEMA = `
  CREATE TABLE statements (
    signer_start BLOB NOT NULL CHECK (length(signer_start) = 8),
    digest_start BLOB NOT NULL CHECK (length(digest_start) = 8),
    entry_index INTEGER NOT NULL,
    PRIMARY KEY (signer_start, digest_start, entry_index)
  ) STRICT, WITHOUT ROWID;
  CREATE TRIGGER statements_are_not_changed BEFORE UPDATE ON statements
    BEGIN SELECT RAISE(ABORT, 'the log only grows'); END;
  CREATE TRIGGER statements_are_not_removed BEFORE DELETE ON statements
    BEGIN SELECT RAISE(ABORT, 'the log only grows'); END;

  -- How many entries that table holds: those with a smaller index.
  CREATE TABLE indexed (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    entries INTEGER NOT NULL CHECK (entries >= 0)
  ) STRICT;
`;

/**
 * How the schema came to be: step `n` makes version `n + 1` of version `n`. A step that was released is never
 * changed; a new one is added at the end, together with a frozen log in `test/log/vectors`.
 */
const STEPS: readonly string[] = [
  `
  CREATE TABLE entries (
    entry_index INTEGER PRIMARY KEY,
    time_ms INTEGER NOT NULL CHECK (time_ms >= 0),
    signer BLOB NOT NULL CHECK (length(signer) = 32),
    payload_digest BLOB NOT NULL CHECK (length(payload_digest) = 32),
    envelope BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX entries_by_statement ON entries (signer, payload_digest);

  -- Level 0: leaf hashes; level n: the hashes of full tiles of level n - 1 (C2SP tlog-tiles).
  CREATE TABLE hashes (
    level INTEGER NOT NULL CHECK (level >= 0),
    hash_index INTEGER NOT NULL CHECK (hash_index >= 0),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (level, hash_index)
  ) STRICT, WITHOUT ROWID;

  -- What the log has acknowledged is never taken back, not even by a slip of the operator's hand.
  CREATE TRIGGER entries_are_not_changed BEFORE UPDATE ON entries
    BEGIN SELECT RAISE(ABORT, 'the log only grows'); END;
  CREATE TRIGGER entries_are_not_removed BEFORE DELETE ON entries
    BEGIN SELECT RAISE(ABORT, 'the log only grows'); END;
  CREATE TRIGGER hashes_are_not_changed BEFORE UPDATE ON hashes
    BEGIN SELECT RAISE(ABORT, 'the log only grows'); END;
  CREATE TRIGGER hashes_are_not_removed BEFORE DELETE ON hashes
    BEGIN SELECT RAISE(ABORT, 'the log only grows'); END;

  CREATE TABLE checkpoint (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    size INTEGER NOT NULL CHECK (size >= 0),
    note BLOB NOT NULL
  ) STRICT;

  CREATE TABLE blobs (
    sha256 BLOB NOT NULL UNIQUE CHECK (length(sha256) = 32),
    bytes BLOB NOT NULL
  ) STRICT;

  CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  DROP INDEX entries_by_statement;
  ${STATEMENTS_SCHEMA}
  `,
];

/** The newest version that this release reads and writes. */
const SCHEMA_VERSION: number = STEPS.length;

/**
 * The schema version of a database, 0 for an empty one; nothing is written. Refuses a file of another program
 * (`foreign-file`) and one that a newer release has written (`newer-schema`).
 */
export function schemaVersionOf(database: DatabaseSync, path: string): number {
  const version = readPragma(database, 'user_version');
  const owner = readPragma(database, 'application_id');
  const isNew = version === 0 && owner === 0 && isEmpty(database);
  if (!isNew && owner !== APPLICATION_ID) {
    throw new StoreError('foreign-file', `${path} is a database of another program: give another path`);
  }
  if (version > SCHEMA_VERSION) {
    throw new StoreError(
      'newer-schema',
      `${path} has schema version ${version}, this release knows ${SCHEMA_VERSION}: use the newer release that wrote it`,
    );
  }
  return version;
}

/** Brings a database from a version to {@link SCHEMA_VERSION}, each step in a transaction of its own. */
export function migrate(database: DatabaseSync, version: number): void {
  for (let step = version; step < SCHEMA_VERSION; step += 1) {
    database.exec(`
      BEGIN IMMEDIATE;
      ${STEPS[step]}
      PRAGMA application_id = ${APPLICATION_ID};
      PRAGMA user_version = ${step + 1};
      COMMIT;
    `);
  }
}

function readPragma(database: DatabaseSync, name: 'user_version' | 'application_id'): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}

function isEmpty(database: DatabaseSync): boolean {
  return database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
}
