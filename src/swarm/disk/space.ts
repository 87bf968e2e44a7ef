import { statfs } from 'node:fs/promises';
import { SwarmError } from '../error.ts';

/** Bytes that a user may still write to the file system of a path; `undefined` where it does not say. */
async function freeBytes(path: string): Promise<number | undefined> {
  try {
    const { bavail, blocks, bsize } = await statfs(path);
    return blocks === 0 ? undefined : bavail * bsize;
  } catch {
    return undefined; // some file systems do not say: the first write that fails will
  }
}

/** Throws `disk` when fewer bytes are free than are missing, with how many; knows nothing of what others will write. */
export async function mustHaveRoom(path: string, missingBytes: number, cause?: unknown): Promise<void> {
  const free = await freeBytes(path);
  if (free === undefined || free >= missingBytes) return;
  throw new SwarmError(
    'disk',
    `${path}: the disk is full: ${missingBytes} bytes are to be written and ${free} are free, ` +
      `make room for ${missingBytes - free} more`,
    { cause },
  );
}
