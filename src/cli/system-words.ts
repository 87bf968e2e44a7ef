import { printable } from '../bytes/index.ts';

/** What the system's own refusals of a path mean, and what to do. */
const SYSTEM_WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder; check the path',
  EACCES: 'you may not read or write this; check its permissions',
  EPERM: 'the system does not allow this; check whose it is, and how it is mounted',
  EEXIST: 'something stands there already; give another path',
  EISDIR: 'this is a folder; name a file',
  ENOTDIR: 'a part of this path is a file, not a folder',
  ENAMETOOLONG: 'this path, or a name in it, is too long',
  ELOOP: 'this path leads through links that lead to each other',
  ENOSPC: 'there is no space left on the disk',
  EDQUOT: 'you have used up your share of this disk',
  EROFS: 'this file system is read-only',
  EMFILE: 'too many files are open; allow more (ulimit -n)',
  EIO: 'the disk gave an error',
};

/**
 * The words for a refusal of the system: of the path that it names, else of `fallback`. Undefined for what is no such
 * refusal, or names nothing.
 */
export function systemWords(error: unknown, fallback?: string): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, path = fallback } = error as NodeJS.ErrnoException;
  const words = code === undefined ? undefined : SYSTEM_WORDS[code];
  return words === undefined || path === undefined ? undefined : `${printable(path)}: ${words}`;
}
