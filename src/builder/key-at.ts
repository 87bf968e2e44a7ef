import { stat } from 'node:fs/promises';
import { generateKey, type PrivateKey, readKeyFile, writeKeyFile } from '../statement/index.ts';

/** In a builder's data folder: the key that follows the one it has, committed to beforehand. */
export const NEXT_KEY_FILE = 'next.key';

/** The private key in a file; a new one with this name, kept there, when there is none yet. */
export async function keyAt(path: string, name: string): Promise<PrivateKey> {
  if (await isThere(path)) return readKeyFile(path);
  const key = generateKey(name);
  await writeKeyFile(path, key);
  return key;
}

/** Whether a file stands at a path. */
export async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
      throw error;
    },
  );
}
