import { createHash, randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolders } from '../swarm/index.ts';

/** Where this user keeps something about a log: `<folder>/<sha256 of its vkey>.<what>`. */
export function logFile(folder: string, vkey: string, what: string): string {
  return join(folder, `${createHash('sha256').update(vkey).digest('hex')}.${what}`);
}

/** Writes a file whole, durable before it gets its name; readable by its owner alone unless told otherwise. */
export async function writeDurably(path: string, bytes: Uint8Array, mode = 0o600): Promise<void> {
  await makeFolders(dirname(path));
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}
