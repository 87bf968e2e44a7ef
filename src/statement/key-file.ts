import { StatementError } from './errors.ts';
import { readSecretFile, writeSecretFile } from './secret-file.ts';
import { type PrivateKey, parsePrivateKey } from './signer.ts';

/** Writes a private key to a new file: see {@link writeSecretFile}. */
export function writeKeyFile(path: string, key: PrivateKey): Promise<void> {
  return writeSecretFile(path, key.secretText());
}

/** Reads a private key file: see {@link readSecretFile}. */
export async function readKeyFile(path: string): Promise<PrivateKey> {
  const text = await readSecretFile(path);
  try {
    return parsePrivateKey(text);
  } catch (cause) {
    if (!(cause instanceof StatementError)) throw cause;
    throw new StatementError(cause.code, `${path}: ${cause.message}`, { cause });
  }
}
