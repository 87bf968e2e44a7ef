import { lstatSync, type Stats } from 'node:fs';
import { TorrentError } from './error.ts';

/** A regular file on disk, as it was when it was looked at. */
export interface DiskFile {
  /** Where to open it. */
  readonly diskPath: string;
  /** Path elements as a torrent has them: below the tree's folder, or the file's name alone. */
  readonly path: readonly string[];
  readonly sizeBytes: number;
  readonly executable: boolean;
  /** Modification and status change, ms since 1970: to see that the file stayed as it was. */
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}

const OWNER_EXECUTABLE = 0o100;

/** Describes a regular file from its stats. */
export function diskFile(diskPath: string, path: readonly string[], stats: Stats): DiskFile {
  return {
    diskPath,
    path,
    sizeBytes: stats.size,
    executable: (stats.mode & OWNER_EXECUTABLE) !== 0,
    mtimeMs: stats.mtimeMs,
    ctimeMs: stats.ctimeMs,
  };
}

/** Stats of what stands at a path, links not followed; `undefined` for nothing. Throws `unreadable`. */
export function lookAt(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (cause) {
    throw new TorrentError('unreadable', `${path} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

/** Whether the file at its path is still the one that was described. */
export function isUnchanged(file: DiskFile, stats: Stats | undefined): boolean {
  return stats?.size === file.sizeBytes && stats.mtimeMs === file.mtimeMs && stats.ctimeMs === file.ctimeMs;
}

/** The message of whatever was thrown; of the system's own without the call and its path, which our words name already. */
export function messageOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const { message, syscall } = cause as NodeJS.ErrnoException;
  const call = syscall === undefined ? -1 : message.indexOf(`, ${syscall}`);
  return call < 0 ? message : message.slice(0, call);
}
