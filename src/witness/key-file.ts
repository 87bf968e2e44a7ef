import { readSecretFile, writeSecretFile } from '../statement/index.ts';
import { type Cosigner, parseCosigner } from './cosigner.ts';
import { WitnessError } from './errors.ts';

/** Writes a witness's private key to a new file that only its owner can read: see {@link writeSecretFile}. */
export function writeCosignerFile(path: string, cosigner: Cosigner): Promise<void> {
  return writeSecretFile(path, cosigner.secretText());
}

/** Reads a witness's private key: see {@link readSecretFile}. Throws `bad-key` too. */
export async function readCosignerFile(path: string): Promise<Cosigner> {
  const text = await readSecretFile(path);
  try {
    return parseCosigner(text);
  } catch (cause) {
    if (!(cause instanceof WitnessError)) throw cause;
    throw new WitnessError(cause.code, `${path}: ${cause.message}`, { cause });
  }
}
