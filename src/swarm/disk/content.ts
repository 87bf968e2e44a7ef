import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { SwarmError } from '../error.ts';
import type { LayoutFile } from '../layout.ts';
import type { FileLease, FileMode, FilePool } from './file-pool.ts';

/** The files of a torrent on disk. */
export interface Content {
  /** Borrows a file of the torrent. Throws `disk`. */
  borrow(file: LayoutFile, mode: FileMode): Promise<FileLease>;
  /** Closes what is open. */
  close(): Promise<void>;
}

/** Content that is complete and stands where its user put it: a folder, or the file of a single-file torrent. */
export class FinishedContent implements Content {
  readonly #root: string;
  readonly #isTree: boolean;
  readonly #pool: FilePool;

  constructor(root: string, isTree: boolean, pool: FilePool) {
    this.#root = root;
    this.#isTree = isTree;
    this.#pool = pool;
  }

  borrow(file: LayoutFile, mode: FileMode): Promise<FileLease> {
    if (mode === 'write') throw new SwarmError('disk', `${this.#root} is seeded and not written`);
    return this.#pool.borrow(this.#isTree ? join(this.#root, ...file.path) : this.#root, mode);
  }

  async close(): Promise<void> {
    await this.#pool.forget(this.#root);
  }
}

/** What stands at a path, links not followed; `undefined` when nothing does. */
export async function whatStandsAt(path: string): Promise<'file' | 'folder' | 'other' | undefined> {
  try {
    const stats = await lstat(path);
    if (stats.isFile()) return 'file';
    return stats.isDirectory() ? 'folder' : 'other';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new SwarmError('disk', `${path} cannot be looked at: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
