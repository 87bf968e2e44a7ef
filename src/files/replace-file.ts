import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { flushName } from './flush.ts';

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
export async function replaceFile(path: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
  const staged = `${path}.new`;
  await writeFlushed(staged, 'w', content, mode);
  await rename(staged, path);
  await flushName(path);
}

/**
 * The same for a file that several processes may write at a time: the last one wins, and none sees half a file. After
 * the loss of power the old content may be back.
 */
export async function replaceSharedFile(
  path: string,
  content: string | Uint8Array,
  mode: number,
): Promise<void> {
  const staged = join(dirname(path), `.${randomBytes(8).toString('hex')}.new`);
  try {
    await writeFlushed(staged, 'wx', content, mode);
    await rename(staged, path);
  } catch (error) {
    await rm(staged, { force: true });
    throw error;
  }
}

async function writeFlushed(
  path: string,
  flags: 'w' | 'wx',
  content: string | Uint8Array,
  mode: number,
): Promise<void> {
  const handle = await open(path, flags, mode);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
