import { constants, existsSync } from 'node:fs';
import { copyFile, rm } from 'node:fs/promises';
import { backup, type DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { flush, flushName } from '../files/index.ts';
import { StoreError } from './errors.ts';
import { isBusy, storeErrorOf } from './sqlite-errors.ts';

/** Pages that a backup copies at a time, during which writes wait: 16 MiB. */
const BACKUP_PAGES = 4096;
/** How often a copy is begun that met a write. */
const MOST_TRIES = 200;
const RETRY_MS = 5;

/**
 * Copies a database into a new file while its connection goes on writing: a consistent copy, durable once this resolves.
 *
 * The copy is made on another thread. Where its first step falls between the statements of a write, SQLite refuses it
 * (SQLITE_BUSY), and it is begun again; later steps wait by themselves, and what is written meanwhile goes into the copy
 * too (https://www.sqlite.org/backup.html). Throws {@link StoreError} `conflict`, `full`, `failed`.
 */
export async function backupDatabase(database: DatabaseSync, path: string): Promise<void> {
  if (existsSync(path))
    throw new StoreError('conflict', `${path} exists: a backup is written to a new place`);
  for (let tries = 1; ; tries += 1) {
    try {
      await backup(database, path, { rate: BACKUP_PAGES });
      await flush(path);
      await flushName(path);
      return;
    } catch (error) {
      if (!isBusy(error) || tries === MOST_TRIES) throw storeErrorOf(error, path);
    }
    await rm(path, { force: true });
    await sleep(RETRY_MS);
  }
}

/**
 * Copies the files of a database that nobody has open, durably: also what a process that was killed has left in the
 * write-ahead log. The original is not touched, and may lie where nothing can be written.
 */
export async function copyDatabase(from: string, to: string): Promise<void> {
  for (const suffix of ['', '-wal']) {
    if (suffix !== '' && !existsSync(from + suffix)) continue;
    await copyFile(from + suffix, to + suffix, constants.COPYFILE_EXCL);
    await flush(to + suffix);
    await flushName(to + suffix);
  }
}
