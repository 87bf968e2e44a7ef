import { mkdir, open, rename, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Makes a folder and those above it (mode 0700), each name on disk before this resolves:
 *
 *     mkdir(folder), for each that is missing
 *     open(parent), fsync(parent), close(parent), for each that was made
 *
 * Node's own `mkdir` with `recursive` never ends where a file system says of a folder that it lets nobody make that its
 * parent is not there, as /proc does.
 */
export async function makeFolder(path: string): Promise<void> {
  const missing: string[] = [];
  for (let at = resolve(path); !(await isFolder(at)) && at !== dirname(at); at = dirname(at))
    missing.push(at);
  for (const folder of missing.toReversed()) {
    try {
      await mkdir(folder, { mode: 0o700 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !(await isFolder(folder))) throw error;
    }
    await syncFolder(dirname(folder));
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

/**
 * Replaces a file's content as a whole: at any moment, and after any crash, the file holds either the old
 * bytes or the new ones, and once this resolves the new ones for good. One writer at a time.
 *
 *     open(file.new, O_CREAT | O_TRUNC)
 *     write(file.new), fsync(file.new), close(file.new)      else the rename could outrun the content
 *     rename(file.new, file)
 *     open(folder), fsync(folder), close(folder)             else the rename could be lost with the power
 *
 * When it rejects, either content may be there. One bad path remains: after an fsync that failed, the kernel
 * may show bytes that never reach the disk (https://wiki.postgresql.org/wiki/Fsync_Errors). A leftover
 * `file.new` is harmless and is overwritten.
 */
export async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const staged = `${path}.new`;
  const handle = await open(staged, 'w', 0o644);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(staged, path);
  await syncFolder(dirname(resolve(path)));
}

/** Makes a file that is written and its name durable. */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
  await syncFolder(dirname(resolve(path)));
}

/** Makes the names in a folder durable: of what was made, renamed or removed there. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return; // there a folder cannot be opened to be synced
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
