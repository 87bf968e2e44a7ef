/**
 * Where a log lies: one interface, SQLite behind it. What a write promises, and what stays unknown when one
 * fails, is said at {@link Store}.
 */
export type { StoreErrorCode } from './errors.ts';
export { StoreError } from './errors.ts';
export { copyDatabase } from './sqlite-backup.ts';
export type { SqliteOptions } from './sqlite-store.ts';
export { openSqliteStore } from './sqlite-store.ts';
export type {
  EntryBatch,
  EntryPlace,
  NewEntry,
  StatementKey,
  Store,
  StoredCheckpoint,
  StoredEntry,
  StoreHead,
  TileHash,
} from './store.ts';
export { STORE_LIMITS } from './store.ts';
