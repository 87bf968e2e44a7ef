import { close, constants, open } from 'node:fs';
import { sep } from 'node:path';
import { promisify } from 'node:util';
import { diskError } from './disk-error.ts';

const openFile = promisify(open);
const closeFile = promisify(close);

interface OpenFile {
  readonly descriptor: Promise<number>;
  users: number;
  /** Set when it is to be closed as soon as nobody uses it. */
  onIdle?: () => void;
}

/** A borrowed file descriptor: it stays open until it is released. */
export interface FileLease {
  readonly fd: number;
  release(): void;
}

export type FileMode = 'read' | 'write';

const FLAGS: Readonly<Record<FileMode, number>> = {
  // Opening a pipe that somebody put there would block a thread of the whole program until somebody writes to it.
  read: constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
  write: constants.O_RDWR | constants.O_NOFOLLOW,
};

/**
 * Open files, at most so many at once however many torrents are seeded: the one unused for longest is closed first.
 * Symbolic links are never followed. Descriptors are numbers, since the hashing thread uses them too.
 */
export class FilePool {
  readonly #capacity: number;
  /** In the order of their last use. */
  readonly #files = new Map<string, OpenFile>();

  /** Files that nobody can borrow any more, until those who have them give them back. */
  readonly #closing = new Set<{ readonly path: string; readonly done: Promise<void> }>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Borrows a file. Throws `disk` when it cannot be opened. */
  async borrow(path: string, mode: FileMode): Promise<FileLease> {
    const key = `${mode} ${path}`;
    const file = this.#files.get(key) ?? { descriptor: openFile(path, FLAGS[mode]), users: 0 };
    this.#files.delete(key);
    this.#files.set(key, file);
    file.users += 1;
    try {
      const fd = await file.descriptor;
      this.#shrink();
      return { fd, release: once(() => this.#giveBack(file)) };
    } catch (cause) {
      if (this.#files.get(key) === file) this.#files.delete(key);
      this.#giveBack(file);
      throw diskError(path, 'opened', cause as NodeJS.ErrnoException);
    }
  }

  /** Closes what is open at and below a path; resolves when nobody uses any of it. */
  async forget(root: string): Promise<void> {
    const isBelow = (path: string): boolean => path === root || path.startsWith(root + sep);
    for (const [key, file] of this.#files) {
      const path = key.slice(key.indexOf(' ') + 1);
      if (!isBelow(path)) continue;
      this.#files.delete(key);
      const closing = { path, done: shutWhenIdle(file) };
      this.#closing.add(closing);
      void closing.done.then(() => this.#closing.delete(closing));
    }
    // What somebody else is closing there is in use as well.
    const below = [...this.#closing].filter(({ path }) => isBelow(path));
    await Promise.all(below.map(({ done }) => done));
  }

  async close(): Promise<void> {
    const files = [...this.#files.values()];
    this.#files.clear();
    await Promise.all(files.map((file) => shut(file)));
  }

  #giveBack(file: OpenFile): void {
    file.users -= 1;
    if (file.users === 0) file.onIdle?.();
    if (this.#files.size > this.#capacity) this.#shrink();
  }

  #shrink(): void {
    for (const [key, file] of this.#files) {
      if (this.#files.size <= this.#capacity) return;
      if (file.users > 0) continue;
      this.#files.delete(key);
      void shut(file);
    }
  }
}

function once(action: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) action();
    isDone = true;
  };
}

async function shutWhenIdle(file: OpenFile): Promise<void> {
  if (file.users > 0) {
    await new Promise<void>((resolve) => {
      file.onIdle = resolve;
    });
  }
  await shut(file);
}

async function shut(file: OpenFile): Promise<void> {
  try {
    await closeFile(await file.descriptor);
  } catch {
    // It could not be opened, which its borrower was told, or not be closed, and then it is gone as well.
  }
}
