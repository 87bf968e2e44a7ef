import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import process from 'node:process';
import { replaceSharedFile } from '../files/index.ts';
import { messageOf } from './disk-file.ts';
import { TorrentError } from './error.ts';
import { TORRENT_LIMITS } from './limits.ts';

/** Windows knows no such flag, and no named pipes among its files. */
const NOT_WAITING = process.platform === 'win32' ? 0 : constants.O_NONBLOCK;

/**
 * The bytes of a `.torrent` file. Throws `no-such-path`, `unreadable` or, before reading it,
 * `special-file` and `metadata-too-large`.
 */
export async function readTorrentFile(path: string): Promise<Uint8Array> {
  try {
    // A named pipe that nobody writes would not even open: so it opens, and is seen to be no regular file.
    await using file = await open(path, constants.O_RDONLY | NOT_WAITING);
    const stats = await file.stat();
    if (!stats.isFile()) {
      throw new TorrentError('special-file', `${path} is no regular file: give a .torrent file`);
    }
    if (stats.size > TORRENT_LIMITS.bytes) {
      throw new TorrentError(
        'metadata-too-large',
        `${path} has ${stats.size} bytes: a torrent may have ${TORRENT_LIMITS.bytes} at most`,
      );
    }
    return await file.readFile();
  } catch (cause) {
    if (cause instanceof TorrentError) throw cause;
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    throw isMissing
      ? new TorrentError('no-such-path', `${path} does not exist: give a .torrent file`, { cause })
      : new TorrentError('unreadable', `${path} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

/**
 * Writes a `.torrent` file so that at every moment its path holds the whole file or what was there before:
 * a new file beside it, flushed to disk, takes its name. Throws `unwritable`.
 */
export async function writeTorrentFile(path: string, torrent: Uint8Array): Promise<void> {
  try {
    await replaceSharedFile(path, torrent, 0o666);
  } catch (cause) {
    throw new TorrentError('unwritable', `${path} cannot be written: ${messageOf(cause)}`, { cause });
  }
}
