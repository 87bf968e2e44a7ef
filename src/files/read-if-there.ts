import { readFile } from 'node:fs/promises';

/** The content of a file of our own. Throws what the system says, always with the path. */
export async function readNamed(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EISDIR') throw error;
    // A folder can be opened and is noticed when it is read, when the system no longer knows its name.
    const message = `EISDIR: ${path} is a folder and should be a file: move it away`;
    throw Object.assign(new Error(message, { cause: error }), { code, path });
  }
}

/** The content of a file as by {@link readNamed}; undefined when there is none. */
export async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readNamed(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
