import { constants } from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import process from 'node:process';
import { StatementError } from './errors.ts';
import { FILE_PREFIX } from './signer.ts';

const LONGEST_FILE = 1024;
const OTHERS = 0o077;
/** Windows knows no such flag, and no named pipes among its files. */
const NOT_WAITING = process.platform === 'win32' ? 0 : constants.O_NONBLOCK;

/**
 * Writes a private key's text to a new file that only its owner can read (0600). Never overwrites: an existing file is
 * `key-file-exists`. When writing fails, no half-written file is left.
 */
export async function writeSecretFile(path: string, text: string): Promise<void> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    throw new StatementError(
      'key-file-exists',
      `${path} exists; a key is never overwritten: give another file`,
      { cause },
    );
  }
  try {
    await file.writeFile(text);
    await file.sync();
  } catch (cause) {
    await unlink(path);
    throw cause;
  } finally {
    await file.close();
  }
}

/**
 * Reads the text of a private key file: what does not look like one is `bad-key`. A file that group or others can reach
 * is refused (`key-file-open-to-others`), as OpenSSH does: what others could read is no longer a secret. Windows has no
 * such modes and is not asked.
 */
export async function readSecretFile(path: string): Promise<string> {
  // A named pipe that nobody writes would not even open: so it opens, and is seen to be no regular file.
  await using file = await open(path, constants.O_RDONLY | NOT_WAITING);
  const stats = await file.stat();
  if (!stats.isFile()) throw notAKey(path, 'it is no regular file');
  const { mode, size } = stats;
  if (size > LONGEST_FILE) throw notAKey(path, `it has ${size} bytes`);
  const text = await file.readFile('utf8');
  if (!text.startsWith(FILE_PREFIX)) throw notAKey(path, `it does not begin with ${FILE_PREFIX}`);
  if (process.platform !== 'win32' && (mode & OTHERS) !== 0) {
    const octal = (mode & 0o777).toString(8).padStart(4, '0');
    throw new StatementError(
      'key-file-open-to-others',
      `${path} has mode ${octal}, so others than its owner can reach it: chmod 600 it, or make a new key if they did`,
    );
  }
  return text;
}

function notAKey(path: string, why: string): StatementError {
  return new StatementError('bad-key', `${path} is not a private key file: ${why}`);
}
