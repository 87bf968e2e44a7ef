import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makeLastingFolders, readIfThere, replaceFile } from '../files/index.ts';

/** The numbers of the files `<number>.<ending>` in a folder; none where there is no folder. */
export async function numbersIn(folder: string, ending: string): Promise<number[]> {
  try {
    const found = (await readdir(folder)).map((name) => /^(0|[1-9][0-9]*)\.([a-z]+)$/.exec(name));
    return found.filter((parts) => parts?.[2] === ending).map((parts) => Number(parts?.[1]));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Copies such files into another folder, durably; it is made if there is anything. */
export async function copyNumbered(from: string, to: string, ending: string): Promise<void> {
  for (const number of await numbersIn(from, ending)) {
    await makeLastingFolders(to);
    const name = `${number}.${ending}`;
    const bytes = await readIfThere(join(from, name)); // a running tally may remove an old one meanwhile
    if (bytes !== undefined) await replaceFile(join(to, name), bytes);
  }
}
