import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { makeFolders } from '../../files/index.ts';
import { UsageError } from '../exit-code.ts';

/** Marks a folder as a demonstration's own: it holds the id of the process that uses it. */
const MARK = '.bitquorum-demo';

/**
 * Empties a folder for a demonstration and marks it. Deletes only what an earlier demonstration left: refuses a
 * folder that holds anything else, and one whose demonstration still runs.
 */
export async function takeFolder(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  if (names.length > 0) await requireOurs(folder);
  await rm(folder, { recursive: true, force: true });
  await makeFolders(folder, 0o700);
  await writeFile(join(folder, MARK), `${process.pid}\n`);
}

async function requireOurs(folder: string): Promise<void> {
  const text = await readFile(join(folder, MARK), 'utf8').catch(() => undefined);
  if (text === undefined) {
    throw new UsageError(
      `${folder} holds something else than a demonstration: give an empty or new folder by --data`,
    );
  }
  const id = Number(text);
  if (Number.isSafeInteger(id) && id > 0 && id !== process.pid && isRunning(id)) {
    throw new UsageError(
      `a demonstration runs in ${folder} (process ${id}): end it, or give another folder by --data`,
    );
  }
}

function isRunning(id: number): boolean {
  try {
    process.kill(id, 0); // signal 0 only asks
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
