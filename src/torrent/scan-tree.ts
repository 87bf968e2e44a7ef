import { readdirSync, type Stats } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { compareBytes, toUtf8 } from '../bytes/index.ts';
import { type DiskFile, diskFile, lookAt, messageOf } from './disk-file.ts';
import { TorrentError } from './error.ts';
import { TORRENT_LIMITS } from './limits.ts';
import { safeName } from './path-safety.ts';

export interface DiskTree {
  readonly name: string;
  readonly isTree: boolean;
  /** In the order of their raw path bytes. */
  readonly files: readonly DiskFile[];
}

export interface ScanOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called now and then with what was found so far. */
  readonly onFound?: ((totalBytes: number, files: number) => void) | undefined;
}

/** Root, info, file tree and the file's own dictionary are levels of bencode too. */
const MAXIMUM_DEPTH = TORRENT_LIMITS.depth - 4;
/** The event loop gets a turn after so much time. */
const SLICE_MS = 15;
const ADVICE = 'put it into an archive, or leave it out';

/**
 * Lists the files below a path in canonical order. Throws a {@link TorrentError} that names the path for
 * everything that a torrent cannot carry the same way to every machine: links, devices, sockets, pipes, names
 * that some system would take for others.
 */
export async function scanTree(path: string, options: ScanOptions = {}): Promise<DiskTree> {
  const root = resolve(path);
  const name = nameOf(basename(root), root);
  const stats = statsOf(root);
  refuseSpecial(stats, root);
  const walk: Walk = {
    files: [],
    sizeBytes: 0,
    links: new Map(),
    options,
    turnAt: performance.now() + SLICE_MS,
  };
  if (stats.isFile()) {
    add(walk, root, [name], stats);
    return { name, isTree: false, files: walk.files };
  }
  await readFolder(walk, root, []);
  return { name, isTree: true, files: walk.files };
}

interface Walk {
  readonly files: DiskFile[];
  sizeBytes: number;
  /** Files with several names on disk, by device and inode. */
  readonly links: Map<string, string>;
  readonly options: ScanOptions;
  turnAt: number;
}

async function readFolder(walk: Walk, folder: string, path: readonly string[]): Promise<void> {
  if (path.length >= MAXIMUM_DEPTH) {
    throw new TorrentError(
      'directory-too-deep',
      `${folder}: folders are nested deeper than ${MAXIMUM_DEPTH}`,
    );
  }
  for (const bytes of namesIn(folder)) {
    walk.options.signal?.throwIfAborted();
    if (performance.now() > walk.turnAt) {
      walk.options.onFound?.(walk.sizeBytes, walk.files.length);
      await nextTurn();
      walk.turnAt = performance.now() + SLICE_MS;
    }
    const name = nameOf(bytes, folder);
    const diskPath = join(folder, name);
    const stats = statsOf(diskPath);
    refuseSpecial(stats, diskPath);
    if (stats.isFile()) add(walk, diskPath, [...path, name], stats);
    else await readFolder(walk, diskPath, [...path, name]);
  }
}

function add(walk: Walk, diskPath: string, path: readonly string[], stats: Stats): void {
  if (stats.nlink > 1) {
    const key = `${stats.dev}:${stats.ino}`;
    const other = walk.links.get(key);
    if (other !== undefined) {
      throw new TorrentError('special-file', `${diskPath} is a hard link to ${other}: make it a copy`);
    }
    walk.links.set(key, diskPath);
  }
  walk.files.push(diskFile(diskPath, path, stats));
  walk.sizeBytes += stats.size;
}

/** Names in a folder as raw bytes, sorted by them. */
function namesIn(folder: string): Buffer[] {
  try {
    return readdirSync(folder, { encoding: 'buffer' }).sort(compareBytes);
  } catch (cause) {
    throw new TorrentError('unreadable', `${folder} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

function statsOf(path: string): Stats {
  const stats = lookAt(path);
  if (!stats) throw new TorrentError('no-such-path', `${path} does not exist`);
  return stats;
}

function refuseSpecial(stats: Stats, path: string): void {
  if (stats.isSymbolicLink()) {
    throw new TorrentError('symlink', `${path} is a symbolic link, which torrents do not carry: ${ADVICE}`);
  }
  if (!stats.isFile() && !stats.isDirectory()) {
    throw new TorrentError('special-file', `${path} is a ${kindOf(stats)}, no regular file: ${ADVICE}`);
  }
}

function kindOf(stats: Stats): string {
  if (stats.isFIFO()) return 'named pipe';
  if (stats.isSocket()) return 'socket';
  return 'device';
}

function nameOf(name: Uint8Array | string, where: string): string {
  try {
    return safeName(typeof name === 'string' ? toUtf8(name) : name);
  } catch (cause) {
    if (!(cause instanceof TorrentError)) throw cause;
    throw new TorrentError(cause.code, `${where}: ${cause.message}`, { cause });
  }
}
