import { constants, type Stats } from 'node:fs';
import { lstat, mkdir, open, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import type { LayoutFile } from '../layout.ts';
import { diskStep } from './disk-error.ts';

const CREATE = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const KEEP = constants.O_RDWR | constants.O_NOFOLLOW;
/** File systems may keep files up to this length without giving them a block of their own. */
const INLINE_BYTES = 65_536;
/** What `stat` counts blocks in, whatever the file system's own are. */
const STAT_BLOCK_BYTES = 512;

/** A file of a download as it stands on disk. */
export interface PreparedFile {
  readonly file: LayoutFile;
  readonly path: string;
  readonly inode: number;
  /** Whether an earlier download left something in it. */
  readonly hadData: boolean;
  /** Bytes that have their place on the disk already. */
  readonly storedBytes: number;
}

/**
 * Makes the files of a download at their full length, sparse. What an earlier download left is kept where it is a file
 * with one name; everything else that stands there goes, links unfollowed, since all of it is moved into place at the
 * end.
 */
export async function prepareFiles(
  root: string,
  isTree: boolean,
  files: readonly LayoutFile[],
): Promise<PreparedFile[]> {
  const mask = process.umask();
  const pathOf = (file: LayoutFile): string => (isTree ? join(root, ...file.path) : root);
  const wanted = new Set(files.map(pathOf));
  const folders = new Set<string>();
  for (const path of isTree ? wanted : []) addFolders(folders, dirname(path), root);
  const found = await diskStep(root, 'looked at', () => sweep(root, wanted, folders));
  for (const folder of [...folders].toSorted((left, right) => left.length - right.length)) {
    if (found.has(folder)) continue;
    await diskStep(folder, 'created', () => mkdir(folder, { mode: 0o777 & ~mask }));
  }
  const prepared: PreparedFile[] = [];
  for (const file of files) {
    const path = pathOf(file);
    prepared.push(await diskStep(path, 'created', () => prepare(file, path, found.has(path))));
  }
  return prepared;
}

/** Whether a file is still the one that was prepared, at its length and without holes. */
export async function looksUntouched({ file, path, inode }: PreparedFile): Promise<boolean> {
  const stats = await lstat(path).catch(() => undefined);
  if (!stats?.isFile() || stats.size !== file.sizeBytes) return false;
  return stats.ino === inode && stats.nlink === 1 && storedBytes(stats) >= stats.size;
}

function addFolders(folders: Set<string>, folder: string, root: string): void {
  for (let at = folder; !folders.has(at); at = dirname(at)) {
    folders.add(at);
    if (at === root) return;
  }
}

/** Removes what is neither a wanted file nor a wanted folder; returns the paths of what is. */
async function sweep(
  root: string,
  files: ReadonlySet<string>,
  folders: ReadonlySet<string>,
): Promise<Set<string>> {
  const found = new Set<string>();
  const waiting = [root];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const stats = await lstat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (!stats) continue;
    const isFolder = stats.isDirectory() && folders.has(path);
    // A second name of a file elsewhere would be written through.
    const isFile = stats.isFile() && stats.nlink === 1 && files.has(path);
    if (isFolder || isFile) found.add(path);
    else await rm(path, { recursive: true, force: true });
    if (isFolder) for (const name of await readdir(path)) waiting.push(join(path, name));
  }
  return found;
}

async function prepare(file: LayoutFile, path: string, isThere: boolean): Promise<PreparedFile> {
  const handle = await open(path, isThere ? KEEP : CREATE, file.executable ? 0o777 : 0o666);
  try {
    const before = await handle.stat();
    const hadData = isThere && before.size > 0 && storedBytes(before) > 0;
    if (before.size !== file.sizeBytes) await handle.truncate(file.sizeBytes);
    const stored = isThere ? storedBytes(await handle.stat()) : 0;
    return { file, path, inode: before.ino, hadData, storedBytes: Math.min(stored, file.sizeBytes) };
  } finally {
    await handle.close();
  }
}

/** Bytes that are on the disk; holes do not count, where they can be told. */
function storedBytes({ size, blocks }: Stats): number {
  // Windows counts no blocks.
  const isUnknown = process.platform === 'win32' || (blocks === 0 && size <= INLINE_BYTES);
  return isUnknown ? size : blocks * STAT_BLOCK_BYTES;
}
