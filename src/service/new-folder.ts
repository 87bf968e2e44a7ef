import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { flush, flushName, makeLastingFolders } from '../files/index.ts';
import { ServiceError } from './errors.ts';

/**
 * Makes a folder (0700) that is there as a whole or not at all: it is filled beside its place and renamed into it. Once
 * this resolves it survives the loss of power.
 *
 *     mkdtemp(folder.new-…), fill      each file's content durable by itself
 *     fsync(folder.new-…)              and the files' names
 *     rename(folder.new-…, folder)     fails unless the place is empty
 *     fsync(the folder above)
 *
 * Throws `data-exists`, and what `fill` throws.
 */
export async function makeWholeFolder<Value>(
  path: string,
  fill: (staging: string) => Promise<Value>,
): Promise<Value> {
  const folder = resolve(path);
  await refuseExisting(folder);
  await makeLastingFolders(dirname(folder));
  const staging = await mkdtemp(join(dirname(folder), `${basename(folder)}.new-`));
  try {
    const value = await fill(staging);
    await flush(staging);
    await moveTo(staging, folder);
    await flushName(folder);
    return value;
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    throw error;
  }
}

async function refuseExisting(folder: string): Promise<void> {
  try {
    if ((await readdir(folder)).length === 0) return;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  throw new ServiceError('data-exists', `${folder} is not empty: give a folder that does not exist yet`);
}

async function moveTo(staging: string, folder: string): Promise<void> {
  try {
    await rename(staging, folder);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? '';
    if (!['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(code)) throw cause;
    throw new ServiceError('data-exists', `${folder} came to exist meanwhile`, { cause });
  }
}
