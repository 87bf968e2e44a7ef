import { randomBytes } from 'node:crypto';
import { chmod, readdir, rename, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/** What `rm` cannot remove because of what a hostile build made: folders closed to their owner, or nested too deep. */
const HOSTILE: ReadonlySet<string | undefined> = new Set(['EACCES', 'EPERM', 'ENAMETOOLONG', 'ENOTEMPTY']);

/**
 * Removes a folder that a build wrote to, whatever the build did to keep it, unless it is not there. Nothing may write
 * to it any more.
 */
export async function removeTree(root: string): Promise<void> {
  try {
    await rm(root, { recursive: true, force: true });
  } catch (error) {
    if (!HOSTILE.has((error as NodeJS.ErrnoException).code)) throw error;
    await flatten(root);
    await rm(root, { recursive: true, force: true });
  }
}

/**
 * Removes the files of a folder and moves every folder below it up to its first level, each opened to its owner first.
 * Names are taken as bytes, and no path grows longer than two elements below `root`, links are never followed.
 */
async function flatten(root: string): Promise<void> {
  const unusual = randomBytes(8).toString('hex');
  const waiting: Buffer[] = [Buffer.from(root)];
  let moved = 0;
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    await chmod(folder, 0o700);
    for (const entry of await readdir(folder, { withFileTypes: true, encoding: 'buffer' })) {
      const path = Buffer.concat([folder, Buffer.from('/'), entry.name]);
      if (!entry.isDirectory()) {
        await unlink(path);
        continue;
      }
      const place = Buffer.from(join(root, `${unusual}-${moved}`));
      moved += 1;
      await chmod(path, 0o700); // a folder can be moved only by who may write to it
      await rename(path, place);
      waiting.push(place);
    }
  }
}
