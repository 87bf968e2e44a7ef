import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { BuilderError } from './errors.ts';

/**
 * Takes a data folder for this process: two builders on one folder would commit twice, and neither would count.
 * The file `lock` holds the process's id; one left by a process that is gone is taken over. Resolves with the
 * function that gives the folder free again. Throws `bad-state` when another process has it.
 */
export async function lockDataFolder(dataFolder: string): Promise<() => Promise<void>> {
  await mkdir(dataFolder, { recursive: true, mode: 0o700 });
  const path = join(dataFolder, 'lock');
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      const file = await open(path, 'wx', 0o600);
      await file.writeFile(`${process.pid}\n`);
      await file.close();
      return async () => rm(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const owner = Number(await readFile(path, 'utf8').catch(() => '')); // gone meanwhile: taken at the next turn
      if (owner !== process.pid && isAlive(owner)) {
        throw new BuilderError(
          'bad-state',
          `${dataFolder} is in use by process ${owner}: stop it first, or give this builder a folder of its own`,
        );
      }
      await rm(path, { force: true });
    }
  }
  throw new BuilderError('bad-state', `${dataFolder} cannot be locked: another builder is starting on it`);
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // someone else's process: alive
  }
}
