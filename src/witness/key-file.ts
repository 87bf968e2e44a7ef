import { constants } from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import process from 'node:process';
import { type Cosigner, parseCosigner } from './cosigner.ts';
import { WitnessError } from './errors.ts';

const LONGEST_FILE = 1024;
const OTHERS = 0o077;

/** Writes a witness's private key to a new file that only its owner can read (0600). Never overwrites: `key-exists`. */
export async function writeCosignerFile(path: string, cosigner: Cosigner): Promise<void> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    throw new WitnessError('key-exists', `${path} exists; a key is never overwritten: give another file`, {
      cause,
    });
  }
  try {
    await file.writeFile(cosigner.secretText());
    await file.sync();
  } catch (cause) {
    await unlink(path);
    throw cause;
  } finally {
    await file.close();
  }
}

/** Reads a witness's private key. A file that group or others can reach is refused, as OpenSSH does (`bad-key`). */
export async function readCosignerFile(path: string): Promise<Cosigner> {
  await using file = await open(path, constants.O_RDONLY);
  const stats = await file.stat();
  if (!stats.isFile() || stats.size > LONGEST_FILE) {
    throw new WitnessError('bad-key', `${path} is not a witness's key file`);
  }
  if (process.platform !== 'win32' && (stats.mode & OTHERS) !== 0) {
    const octal = (stats.mode & 0o777).toString(8).padStart(4, '0');
    throw new WitnessError(
      'bad-key',
      `${path} has mode ${octal}, so others than its owner can reach it: chmod 600 it, or make a new key if they did`,
    );
  }
  try {
    return parseCosigner(await file.readFile('utf8'));
  } catch (cause) {
    if (!(cause instanceof WitnessError)) throw cause;
    throw new WitnessError(cause.code, `${path}: ${cause.message}`, { cause });
  }
}
