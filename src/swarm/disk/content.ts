import { fstatSync, type Stats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { SwarmError } from '../error.ts';
import type { LayoutFile } from '../layout.ts';
import { diskError } from './disk-error.ts';
import type { FileLease, FileMode, FilePool } from './file-pool.ts';

/** The files of a torrent on disk. */
export interface Content {
  /** Where a file of the torrent stands. */
  pathOf(file: LayoutFile): string;
  /** Borrows a file of the torrent. Throws `disk`. */
  borrow(file: LayoutFile, mode: FileMode): Promise<FileLease>;
  /** Closes what is open. */
  close(): Promise<void>;
}

/** Size, number and times of a file. */
const MARKS = 4;

/** Readers of a file up to this length wait while it is hashed again. */
const WAIT_BYTES = 16 * 1024 * 1024;

/** A file that is not as it was verified. */
interface Change {
  readonly marks: Float64Array;
  /** For those who cannot have it. */
  readonly error: SwarmError;
  /** Whether it is the torrent's all the same. */
  readonly check: Promise<boolean>;
}

/** Whether all pieces of a file are on disk and right. */
export type CheckFile = (file: LayoutFile, signal: AbortSignal) => Promise<boolean>;

/**
 * Content that is complete and stands where its user put it: a folder, or the file of a single-file torrent. What a
 * file looked like (number, size, times) when its content was verified is remembered, and looked at each time it is
 * read: one that changed is hashed again before anything of it is served, and stays out when it is not the torrent's.
 */
export class FinishedContent implements Content {
  readonly #root: string;
  readonly #isTree: boolean;
  readonly #pool: FilePool;
  readonly #check: CheckFile;
  /** {@link MARKS} numbers a file, as they were when it was verified. */
  readonly #verified: Float64Array;
  /** Files that changed and are being hashed, or are not the torrent's any more. */
  #changed: Map<LayoutFile, Change> | undefined;
  /** Ends checks; made with the first. */
  #checks: AbortController | undefined;
  #isClosed = false;

  private constructor(
    place: { readonly root: string; readonly isTree: boolean },
    verified: Float64Array,
    pool: FilePool,
    check: CheckFile,
  ) {
    this.#root = place.root;
    this.#isTree = place.isTree;
    this.#verified = verified;
    this.#pool = pool;
    this.#check = check;
  }

  /** Looks at the files; to be called before they are verified. Those that are not there will be found changed. */
  static async open(
    place: { readonly root: string; readonly isTree: boolean; readonly files: readonly LayoutFile[] },
    pool: FilePool,
    check: CheckFile,
  ): Promise<FinishedContent> {
    const verified = new Float64Array(place.files.length * MARKS);
    const content = new FinishedContent(place, verified, pool, check);
    for (const [at, file] of place.files.entries()) {
      const stats = await lstat(content.pathOf(file)).catch(() => undefined);
      if (stats?.isFile()) verified.set(marksOf(stats), at * MARKS);
    }
    return content;
  }

  pathOf(file: LayoutFile): string {
    return this.#isTree ? join(this.#root, ...file.path) : this.#root;
  }

  async borrow(file: LayoutFile, mode: FileMode): Promise<FileLease> {
    const path = this.pathOf(file);
    if (mode === 'write') throw new SwarmError('disk', `${path} is seeded and not written`);
    for (;;) {
      const lease = await this.#pool.borrow(path, mode);
      const marks = this.#marksOf(lease, path);
      if (isSame(marks, this.#verified.subarray(file.index * MARKS))) return lease;
      lease.release();
      const change = this.#changeOf(file, marks);
      // Of a small file the answer comes at once; a large one would keep others waiting.
      const isRight = file.sizeBytes <= WAIT_BYTES && (await change.check);
      if (!isRight) throw change.error;
    }
  }

  /** Whether all of these were files of their lengths when it was opened. */
  isPresent(files: readonly LayoutFile[]): boolean {
    return files.every(({ index, sizeBytes }) => {
      const [size, inode] = this.#verified.subarray(index * MARKS);
      return size === sizeBytes && inode !== 0;
    });
  }

  /** For the check of a file that changed. */
  borrowUnchecked(file: LayoutFile): Promise<FileLease> {
    return this.#pool.borrow(this.pathOf(file), 'read');
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#checks?.abort();
    await this.#pool.forget(this.#root);
  }

  #marksOf(lease: FileLease, path: string): Float64Array {
    try {
      return marksOf(fstatSync(lease.fd));
    } catch (error) {
      lease.release();
      throw diskError(path, 'read', error as NodeJS.ErrnoException);
    }
  }

  /** What is known of a file that is not as it was verified; it is hashed again, once for each change. */
  #changeOf(file: LayoutFile, marks: Float64Array): Change {
    const known = this.#changed?.get(file);
    if (known && isSame(known.marks, marks)) return known;
    const error = new SwarmError(
      'disk',
      `${this.pathOf(file)} has changed since it was verified: it is hashed again, and served only if it is the same`,
    );
    const change = { marks, error, check: this.#hashAgain(file, marks) };
    this.#changed ??= new Map();
    this.#changed.set(file, change);
    return change;
  }

  async #hashAgain(file: LayoutFile, marks: Float64Array): Promise<boolean> {
    if (this.#isClosed || marks[0] !== file.sizeBytes) return false;
    this.#checks ??= new AbortController();
    // A file that cannot be read is not served either, and whoever asks for it hears why.
    const isRight = await this.#check(file, this.#checks.signal).catch(() => false);
    // When it changed once more meanwhile, the next reader finds that its marks are others.
    if (isRight) this.#verified.set(marks, file.index * MARKS);
    return isRight;
  }
}

function marksOf({ size, ino, mtimeMs, ctimeMs }: Stats): Float64Array {
  return Float64Array.of(size, ino, mtimeMs, ctimeMs);
}

function isSame(left: Float64Array, right: Float64Array): boolean {
  for (let at = 0; at < MARKS; at += 1) if (left[at] !== right[at]) return false;
  return true;
}

/** What stands at a path, links not followed; `undefined` when nothing does. */
export async function whatStandsAt(path: string): Promise<'file' | 'folder' | 'other' | undefined> {
  try {
    const stats = await lstat(path);
    if (stats.isFile()) return 'file';
    return stats.isDirectory() ? 'folder' : 'other';
  } catch (error) {
    const refusal = error as NodeJS.ErrnoException;
    if (refusal.code === 'ENOENT') return undefined;
    throw diskError(path, 'looked at', refusal);
  }
}
