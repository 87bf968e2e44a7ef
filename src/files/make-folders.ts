import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { flushName } from './flush.ts';

/**
 * Makes a folder and those above it that are missing, of mode `mode` less the user's mask. Throws what the system says:
 * `EEXIST` with its path for a file in the way.
 *
 * Node's own `mkdir` with `recursive` never ends where a file system says of a folder that it lets nobody make that its
 * parent is not there, as /proc does.
 */
export async function makeFolders(path: string, mode = 0o777): Promise<void> {
  await makeMissing(path, mode, () => Promise.resolve());
}

/** The same for its owner alone (0700), and once this resolves the folders outlive the loss of power. */
export async function makeLastingFolders(path: string): Promise<void> {
  await makeMissing(path, 0o700, flushName);
}

async function makeMissing(
  path: string,
  mode: number,
  after: (folder: string) => Promise<void>,
): Promise<void> {
  const missing: string[] = [];
  for (let at = resolve(path); !(await isFolder(at)) && at !== dirname(at); at = dirname(at))
    missing.push(at);
  for (const folder of missing.toReversed()) {
    try {
      await mkdir(folder, { mode });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !(await isFolder(folder))) throw error;
    }
    await after(folder);
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw error;
  }
}
