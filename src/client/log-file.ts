import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { makeFolders, replaceSharedFile } from '../files/index.ts';

/** Where this user keeps something about a log: `<folder>/<sha256 of its vkey>.<what>`. */
export function logFile(folder: string, vkey: string, what: string): string {
  return join(folder, `${createHash('sha256').update(vkey).digest('hex')}.${what}`);
}

/** Keeps something about a log in such a file, which its owner alone can read; several programs may do so at a time. */
export async function keepFile(path: string, content: string | Uint8Array): Promise<void> {
  await makeFolders(dirname(path));
  await replaceSharedFile(path, content, 0o600);
}
