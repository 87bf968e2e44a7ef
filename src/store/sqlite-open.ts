import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeLastingFolders } from '../files/index.ts';
import { StoreError } from './errors.ts';
import { mendIndex } from './mend-index.ts';
import { migrate, schemaVersionOf } from './sqlite-schema.ts';

/**
 * Opens a database file for this process alone, makes it where it is missing, and brings its schema up to date.
 *
 * The order in which a commit reaches the disk, with these settings (https://www.sqlite.org/wal.html,
 * https://www.sqlite.org/atomiccommit.html):
 *
 *     write(wal, frames)      the changed pages, the last one marked as commit
 *     fsync(wal)              synchronous=FULL: only now does COMMIT return
 *     ... every 8,000 pages:
 *     fsync(wal), write(db, pages), fsync(db)      and the WAL is used from its start again
 *
 * and a file that is made is followed by an fsync of its folder. SIGKILL or loss of power at any place leaves
 * the last commit that returned, or one more. One bad path remains: when fsync itself fails, the kernel may
 * have dropped the pages and still show them to readers until the machine restarts
 * (https://wiki.postgresql.org/wiki/Fsync_Errors), so after `failed` nothing read back proves durability. The
 * store therefore stops at the first such error.
 *
 * What a process that ended in between has left in the WAL may be shown by the kernel and not be on the disk: an fsync
 * was missing, or failed. It is believed only after it was written once more, into the database, and the WAL is empty:
 *
 *     fsync(wal), write(db, pages), fsync(db), truncate(wal)      before anything is read from an opened file
 */
export async function openDatabase(path: string): Promise<DatabaseSync> {
  await makeLastingFolders(dirname(path));
  const database = new DatabaseSync(path, { timeout: 0, enableForeignKeyConstraints: true });
  try {
    // Before anything is read: with EXCLUSIVE the file's lock is taken at the first access and kept. The
    // kernel frees it when the process ends, however it ends.
    database.exec('PRAGMA locking_mode = EXCLUSIVE');
    database.exec('PRAGMA trusted_schema = OFF');
    database.exec('BEGIN IMMEDIATE; COMMIT');
    const version = schemaVersionOf(database, path);
    const mode = database.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode'];
    if (mode !== 'wal') {
      throw new StoreError(
        'failed',
        `${path}: its file system cannot hold a write-ahead log (mode ${String(mode)})`,
      );
    }
    database.exec(`
      PRAGMA synchronous = FULL;
      PRAGMA fullfsync = ON;
      PRAGMA checkpoint_fullfsync = ON;
      PRAGMA wal_autocheckpoint = 8000;
      PRAGMA cache_size = -4096;
      PRAGMA journal_size_limit = 67108864;
      PRAGMA temp_store = MEMORY;
      PRAGMA wal_checkpoint(TRUNCATE);
    `);
    migrate(database, version);
    mendIndex(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
