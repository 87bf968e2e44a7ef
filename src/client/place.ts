import { randomBytes } from 'node:crypto';
import { lstat, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError } from '../bytes/index.ts';
import { flush, flushName, makeFolders } from '../files/index.ts';
import { moveToFreePlace, SwarmError } from '../swarm/index.ts';
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
  await makeFolders(folder);
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

/** Whether something stands at `path`, and if so whether it is what the torrent says and nothing more. */
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
  if (metainfo.isTree && !(await holdsNothingElse(metainfo, path))) return 'other';
  try {
    return (await verifyTorrent(metainfo, path, { signal })).matches ? 'same' : 'other';
  } catch (error) {
    if (error instanceof CodedError) return 'other'; // links or devices inside: not what the torrent says
    throw error;
  }
}

/** Whether a folder has no file that the torrent does not list, and no link that leads out of it. */
async function holdsNothingElse(metainfo: Metainfo, root: string): Promise<boolean> {
  const listed = new Set(metainfo.files.map((file) => file.path.join('/')));
  const waiting = [''];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) waiting.push(path);
      else if (!entry.isFile() || !listed.has(path)) return false;
    }
  }
  return true;
}

/**
 * Moves a verified file or folder to its place in one step, after its bytes are on the disk. What came to that place
 * meanwhile stays (`target-exists`), unless it shall be replaced: then it makes way first, and comes back when the
 * step fails.
 */
export async function putInPlace(from: string, to: string, replace: boolean): Promise<void> {
  await syncTree(from);
  if (!replace) {
    await moveToFreePlace(from, to).catch((error: unknown) => {
      throw error instanceof SwarmError && error.code === 'target-exists' ? targetExists(to, error) : error;
    });
  } else if (await bothAreFiles(from, to)) await rename(from, to);
  else {
    const former = `${from}.former-${randomBytes(6).toString('hex')}`; // goes with the work folder
    await rename(to, former);
    try {
      await rename(from, to);
    } catch (error) {
      await rename(former, to);
      throw error;
    }
  }
  await flushName(to);
}

/** The error for a place that is taken. */
export function targetExists(target: string, cause?: unknown): ClientError {
  return new ClientError(
    'target-exists',
    `${target} exists and is not this release: move it away, or say --force to replace it`,
    { cause },
  );
}

/** A file takes another's place in one step; a folder cannot. */
async function bothAreFiles(left: string, right: string): Promise<boolean> {
  return (await lstat(left)).isFile() && (await lstat(right)).isFile();
}

async function syncTree(path: string): Promise<void> {
  const found = await lstat(path);
  if (found.isDirectory()) for (const name of await readdir(path)) await syncTree(join(path, name));
  await flush(path);
}
