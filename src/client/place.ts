import { lstat, mkdir, mkdtemp, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { CodedError } from '../bytes/index.ts';
import { type Metainfo, verifyTorrent } from '../torrent/index.ts';
import { ClientError } from './errors.ts';

/**
 * Gives `work` a folder inside `folder`, so that what it makes can be moved to its place by one rename, and removes
 * it whatever happens.
 */
export async function withWorkFolder<Value>(
  folder: string,
  work: (workFolder: string) => Promise<Value>,
): Promise<Value> {
  await mkdir(folder, { recursive: true });
  const workFolder = await mkdtemp(join(folder, '.bitquorum-'));
  try {
    return await work(workFolder);
  } finally {
    await rm(workFolder, { recursive: true, force: true });
  }
}

/**
 * Whether `path` holds exactly what the torrent says, every block read and hashed. Throws `mismatch` with the
 * first file that does not, and `bad-state` for what is not a file or folder at all.
 */
export async function requireContent(metainfo: Metainfo, path: string, signal: AbortSignal): Promise<void> {
  const { matches, problems } = await verifyTorrent(metainfo, path, { signal });
  if (matches) return;
  const [first] = problems;
  throw new ClientError(
    'mismatch',
    `what was downloaded is not what the infohash says (${first?.path.join('/') ?? ''}: ${first?.problem ?? ''})`,
  );
}

/** Whether something stands at `path`, and if so whether it is what the torrent says. */
export async function lookAtTarget(
  metainfo: Metainfo,
  path: string,
  signal: AbortSignal,
): Promise<'absent' | 'same' | 'other'> {
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (found === undefined) return 'absent';
  if (metainfo.isTree ? !found.isDirectory() : !found.isFile()) return 'other';
  try {
    return (await verifyTorrent(metainfo, path, { signal })).matches ? 'same' : 'other';
  } catch (error) {
    if (error instanceof CodedError) return 'other'; // links or devices inside: not what the torrent says
    throw error;
  }
}

/**
 * Moves a verified file or folder to its place in one step, after its bytes are on the disk. With `replace` what
 * stands there is replaced.
 */
export async function putInPlace(from: string, to: string, replace: boolean): Promise<void> {
  await syncTree(from);
  if (replace && !(await bothAreFiles(from, to))) await rm(to, { recursive: true, force: true });
  await rename(from, to);
  await syncPath(join(to, '..'));
}

/** A file takes another's place in one step; a folder cannot. */
async function bothAreFiles(left: string, right: string): Promise<boolean> {
  return (await lstat(left)).isFile() && (await lstat(right)).isFile();
}

async function syncTree(path: string): Promise<void> {
  const found = await lstat(path);
  if (found.isDirectory()) for (const name of await readdir(path)) await syncTree(join(path, name));
  await syncPath(path);
}

/** Flushes a file or folder to the disk; Windows cannot do so with folders and orders their names itself. */
async function syncPath(path: string): Promise<void> {
  const isFolder = (await lstat(path)).isDirectory();
  if (isFolder && process.platform === 'win32') return;
  const handle = await open(path, isFolder ? 'r' : 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
