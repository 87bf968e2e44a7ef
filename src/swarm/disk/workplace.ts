import type { BigIntStats } from 'node:fs';
import { lstat, mkdir, rm, rmdir, unlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { type InfoHashV2, toHex } from '../../bytes/index.ts';
import { makeFolders } from '../../files/index.ts';
import { SwarmError } from '../error.ts';
import { diskStep } from './disk-error.ts';
import { takeLock } from './folder-lock.ts';

/** How often the folder is opened again when whoever had it removed it in that moment. */
const ATTEMPTS = 5;
const GROUP_AND_OTHERS = 0o077n;

/**
 * The hidden folder in which a torrent's download grows, `.bitquorum-<v2 infohash>`: private (mode 0700, owned by this
 * user), and locked, so that two downloads never write one. It outlives them until one succeeds. What stands in it:
 *
 *     lock      held while somebody downloads
 *     info      the info dictionary, counts when its SHA-256 is the infohash
 *     layers    piece layers, each counts when it leads to its pieces root
 *     content   the file or folder; a piece counts when it has its hash
 */
export class Workplace {
  readonly path: string;
  readonly #unlock: () => void;

  private constructor(path: string, unlock: () => void) {
    this.path = path;
    this.#unlock = unlock;
  }

  /** Makes the folder, or takes it as it was left. Throws `in-use` while another download has it, or `disk`. */
  static async open(folder: string, infoHashV2: InfoHashV2): Promise<Workplace> {
    const path = join(resolve(folder), `.bitquorum-${toHex(infoHashV2)}`);
    return diskStep(path, 'opened', async () => {
      for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
        const before = await makePrivateFolder(folder, path);
        const unlock = takeLock(lockOf(path));
        if (!unlock) {
          throw new SwarmError('in-use', `${path} is in use: another download of this torrent goes on there`);
        }
        // Whoever had the lock before may have finished meanwhile, and removed what we hold.
        const after = await lstat(path, { bigint: true }).catch(() => undefined);
        if (after && isSame(before, after)) return new Workplace(path, unlock);
        unlock();
      }
      throw new SwarmError('in-use', `${path} comes and goes: others download this torrent there, try again`);
    });
  }

  get infoPath(): string {
    return join(this.path, 'info');
  }

  get layersPath(): string {
    return join(this.path, 'layers');
  }

  get contentPath(): string {
    return join(this.path, 'content');
  }

  /** Removes what an earlier download left. */
  async clear(): Promise<void> {
    await diskStep(this.path, 'cleared', async () => {
      for (const path of [this.contentPath, this.layersPath, this.infoPath]) {
        await rm(path, { recursive: true, force: true });
      }
    });
  }

  /** Lets others have it. */
  release(): void {
    this.#unlock();
  }

  /** Removes all of it, and gives the lock back whether that worked or not. */
  async remove(): Promise<void> {
    try {
      await this.clear();
      if (process.platform === 'win32') this.#unlock(); // an open file cannot be removed there
      await unlink(lockOf(this.path));
      // Not with what is in it: from here on it may be another's.
      await rmdir(this.path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error;
    } finally {
      if (process.platform !== 'win32') this.#unlock();
    }
  }
}

function lockOf(path: string): string {
  return join(path, 'lock');
}

async function makePrivateFolder(folder: string, path: string): Promise<BigIntStats> {
  await makeFolders(folder);
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const stats = await lstat(path, { bigint: true });
  const isOurs = process.getuid === undefined || stats.uid === BigInt(process.getuid());
  const isPrivate = process.platform === 'win32' || (stats.mode & GROUP_AND_OTHERS) === 0n;
  if (!stats.isDirectory() || !isOurs || !isPrivate) {
    throw new SwarmError(
      'disk',
      `${path} is not a folder that only this user may use: remove it, or choose another folder`,
    );
  }
  const lock = await lstat(lockOf(path)).catch(() => undefined);
  if (lock && !lock.isFile()) {
    throw new SwarmError('disk', `${lockOf(path)} is not a file: remove it, or choose another folder`);
  }
  return stats;
}

/** The number of a folder alone may be given to the next one. */
function isSame(left: BigIntStats, right: BigIntStats): boolean {
  return left.dev === right.dev && left.ino === right.ino && left.birthtimeNs === right.birthtimeNs;
}
