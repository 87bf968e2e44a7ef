import { lstat, open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import process from 'node:process';

/** Flushes a file's content, or the names in a folder, to the disk; Windows orders a folder's names itself. */
export async function flush(path: string): Promise<void> {
  // Windows flushes no folder, and a file only for those that may write it.
  if (process.platform === 'win32' && (await lstat(path)).isDirectory()) return;
  const handle = await open(path, process.platform === 'win32' ? 'r+' : 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Flushes the folder above a path, so that its name lasts. */
export async function flushName(path: string): Promise<void> {
  await flush(dirname(resolve(path)));
}
