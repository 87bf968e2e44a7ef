import { SwarmError } from '../error.ts';

/** What the system's refusals mean, and what to do about them. */
const WORDS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: make room',
  EDQUOT: 'the quota of this user is used up: make room',
  EFBIG: 'it is longer than the file system, or a limit of this process (ulimit -f), allows',
  EACCES: 'permission is missing: change who may write there, or choose another folder',
  EPERM: 'permission is missing: change who may write there, or choose another folder',
  EROFS: 'the file system is read-only: choose another folder, or make it writable',
  EIO: 'the disk reports an error: look at its health before it is used again',
  EMFILE: 'this process has too many files open: raise its limit (ulimit -n)',
  ENFILE: 'this system has too many files open',
  ENOENT: 'it is not there',
  ENOTDIR: 'a part of its path is no folder',
  EISDIR: 'it is a folder',
  EEXIST: 'something else stands there, or where a folder above it should be',
  ELOOP: 'it is a link, and links are not followed',
  ENAMETOOLONG: 'its name is too long for this file system',
  ETRUNCATED: 'it has become shorter',
};

/** What a layer below says of a refusal; `code` as the system names it. */
export interface DiskRefusal {
  readonly code?: string | undefined;
  readonly message: string;
}

/** The error `disk` in plain words: which path, what could not be done with it, why, and what to do. */
export function diskError(path: string, what: string, refusal: DiskRefusal): SwarmError {
  const { code = '', message } = refusal;
  const words = WORDS[code];
  return new SwarmError('disk', `${path} cannot be ${what}: ${words ? `${words} (${code})` : message}`, {
    cause: refusal,
  });
}

/** Whether an error says that there is no room left. */
export function isFull(error: SwarmError): boolean {
  const code = (error.cause as DiskRefusal | undefined)?.code;
  return error.code === 'disk' && (code === 'ENOSPC' || code === 'EDQUOT');
}

/** Takes a step on the disk; what the system refuses becomes {@link diskError}. */
export async function diskStep<Value>(
  path: string,
  what: string,
  step: () => Promise<Value>,
): Promise<Value> {
  try {
    return await step();
  } catch (cause) {
    if (cause instanceof SwarmError) throw cause;
    throw diskError(path, what, cause as NodeJS.ErrnoException);
  }
}
