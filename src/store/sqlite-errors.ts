import { StoreError, type StoreErrorCode } from './errors.ts';

// Primary result codes: https://www.sqlite.org/rescode.html
const OK = 0;
const BUSY = 5;
const LOCKED = 6;
const FULL = 13;
const CANTOPEN = 14;
const CONSTRAINT = 19;
const NOTADB = 26;

/** The {@link StoreError} that an error of SQLite or the file system means; others come back unchanged. */
export function storeErrorOf(error: unknown, path: string): unknown {
  if (error instanceof Error && 'syscall' in error) {
    return new StoreError('failed', `${path}: the folder cannot be made (${error.message})`, {
      cause: error,
    });
  }
  if (!isSqliteError(error)) return error;
  const code = error.errcode & 0xff;
  const refusal = (name: StoreErrorCode, what: string): StoreError =>
    new StoreError(name, `${path}: ${what} (SQLite ${error.errcode}: ${error.message})`, { cause: error });
  switch (code) {
    case BUSY:
    case LOCKED:
      return refusal('in-use', 'another process has this log open: stop it first, or give another folder');
    case FULL:
      return refusal('full', 'no space left on the disk: free some');
    case CONSTRAINT:
      return refusal('conflict', 'the write does not continue what is stored');
    case NOTADB:
      return refusal('foreign-file', 'this file is no database: give another path');
    case CANTOPEN:
      return refusal('failed', 'the file cannot be opened: look at its permissions');
    default:
      return refusal('failed', 'reading or writing failed: look at the disk, then open the log anew');
  }
}

/**
 * Whether a backup came to nothing because it was begun in the middle of a write: Node then tells the error of the copy's
 * own connection, which has none.
 */
export function isBusy(error: unknown): boolean {
  return isSqliteError(error) && [OK, BUSY, LOCKED].includes(error.errcode & 0xff);
}

interface SqliteError extends Error {
  errcode: number;
}

function isSqliteError(error: unknown): error is SqliteError {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number';
}
