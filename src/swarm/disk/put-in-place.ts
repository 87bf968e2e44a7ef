import { link, lstat, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { flush } from '../../files/index.ts';
import { SwarmError } from '../error.ts';

/** What the system says when something stands at the place that a file or folder is moved to. */
const OCCUPIED: ReadonlySet<string | undefined> = new Set(['EEXIST', 'ENOTEMPTY', 'ENOTDIR', 'EISDIR']);
/** What it says where files have one name only (FAT, some network file systems). */
const NO_LINKS: ReadonlySet<string | undefined> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);
/** Files that are flushed at the same time: the file system puts them into one journal entry. */
const FLUSHES_AT_ONCE = 16;

/** Flushes files and folders to the disk. */
export async function flushAll(paths: readonly string[]): Promise<void> {
  const waiting = paths.values();
  const lane = async (): Promise<void> => {
    for (const path of waiting) await flush(path);
  };
  await Promise.all(Array.from({ length: FLUSHES_AT_ONCE }, lane));
}

/** Moves a file or folder in one step to a place where nothing stands. Throws `target-exists` for a taken one. */
export async function moveToFreePlace(from: string, to: string): Promise<void> {
  try {
    // A rename would replace a file that came meanwhile; a second name is given only where there is none.
    if ((await lstat(from)).isFile() && (await gotSecondName(from, to))) await unlink(from);
    else await rename(from, to);
  } catch (cause) {
    if (!OCCUPIED.has((cause as NodeJS.ErrnoException).code)) throw cause;
    throw targetExists(to, cause);
  }
}

/** The error for a place that is taken. */
export function targetExists(target: string, cause?: unknown): SwarmError {
  return new SwarmError(
    'target-exists',
    `${target} exists already and is not this torrent: move it away or choose another folder`,
    { cause },
  );
}

async function gotSecondName(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (NO_LINKS.has((error as NodeJS.ErrnoException).code)) return false;
    throw error;
  }
}

/** Files below `root` and the folders that they are in, the innermost first. */
export function pathsIn(root: string, files: readonly { readonly path: string }[]): string[] {
  const folders = new Set<string>();
  for (const { path } of files) {
    for (let at = path; at !== root && !folders.has(dirname(at)); at = dirname(at)) folders.add(dirname(at));
  }
  const deepestFirst = [...folders].toSorted((left, right) => right.length - left.length);
  return [...files.map(({ path }) => path), ...deepestFirst];
}
