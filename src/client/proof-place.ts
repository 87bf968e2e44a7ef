import { lstat, readFile } from 'node:fs/promises';
import { LogError, PROOF_BUNDLE_LIMITS, parseProofBundle } from '../log/index.ts';
import { ClientError } from './errors.ts';
import { targetExists } from './place.ts';

/**
 * Looks at the place of a release's proof before anything is put anywhere: an older proof there gives way, a file of
 * another kind only when it shall be replaced, anything else never. Throws `target-exists`.
 */
export async function requireProofPlace(path: string, replace: boolean): Promise<void> {
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (found === undefined) return;
  if (!found.isFile()) {
    throw new ClientError('target-exists', `${path} is no file, and the proof is put there: move it away`);
  }
  const mayGo = replace || (found.size <= PROOF_BUNDLE_LIMITS.bytes && (await isProof(path)));
  if (!mayGo) throw targetExists(path);
}

async function isProof(path: string): Promise<boolean> {
  try {
    parseProofBundle(await readFile(path));
    return true;
  } catch (error) {
    if (error instanceof LogError) return false;
    throw error;
  }
}
