import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeFolders } from '../files/index.ts';
import { BuilderError } from './errors.ts';

/** SQLite's primary result code of a file that another connection has locked (https://www.sqlite.org/rescode.html). */
const BUSY = 5;

/**
 * Takes a data folder for one running builder: two on one folder would commit twice, and neither would count. The
 * lock is the kernel's, on the empty file `lock`, held by SQLite: it ends with its process, however that ends, and is
 * no guess by process ids, which come back and differ between containers. Resolves with the function that gives the
 * folder free again. Throws `bad-state` when another builder has it, and when it cannot be locked.
 */
export async function lockDataFolder(dataFolder: string): Promise<() => Promise<void>> {
  await makeFolders(dataFolder, 0o700);
  const path = join(dataFolder, 'lock');
  let held: DatabaseSync | undefined;
  try {
    held = new DatabaseSync(path, { timeout: 0 });
    held.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    held?.close();
    const { errcode = 0, message } = cause as Error & { errcode?: number };
    if (errcode % 256 !== BUSY) {
      throw new BuilderError(
        'bad-state',
        `${path}, an empty file by which a builder takes its folder, cannot be locked (${message}): look at its ` +
          'permissions; if something else stands there, move that away',
        { cause },
      );
    }
    throw new BuilderError(
      'bad-state',
      `${dataFolder} is in use by another builder: stop it first, or give this one a folder of its own`,
      { cause },
    );
  }
  const lock = held;
  return async () => lock.close();
}
