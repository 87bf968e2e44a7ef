import { DatabaseSync } from 'node:sqlite';

/** https://www.sqlite.org/rescode.html */
const SQLITE_BUSY = 5;

/**
 * Takes a lock that the kernel gives back when its process ends, however it ends: that of an SQLite database without
 * content (Node has no file locks of its own). Nobody has to guess whether whoever wrote a process number still
 * lives. Two locks of one process exclude each other as well.
 *
 * @returns what gives it back; `undefined` when somebody else has it
 */
export function takeLock(path: string): (() => void) | undefined {
  const database = new DatabaseSync(path);
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if ((error as { readonly errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
  return () => database.close();
}
