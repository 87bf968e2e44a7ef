import { chmod, mkdir, mkdtemp, open, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import type { Metainfo } from '../../torrent/index.ts';
import { SwarmError } from '../error.ts';
import type { Layout, LayoutFile } from '../layout.ts';
import { type Content, whatStandsAt } from './content.ts';
import type { FileLease, FileMode, FilePool } from './file-pool.ts';

/**
 * Content that is being downloaded. It grows in a folder of its own beside the target, which nobody else can write
 * to (mode 0700), and is renamed to the target's place in one step when it is whole. Files are created here and
 * nowhere else, so that no link that stood there before is ever followed.
 */
export class PartialContent implements Content {
  /** Where the finished content will stand. */
  readonly target: string;
  readonly #workplace: string;
  readonly #isTree: boolean;
  readonly #pool: FilePool;
  #finished = false;

  private constructor(target: string, workplace: string, isTree: boolean, pool: FilePool) {
    this.target = target;
    this.#workplace = workplace;
    this.#isTree = isTree;
    this.#pool = pool;
  }

  /**
   * Makes the folder and all files at their full length, sparse. Throws `target-exists` when the target's place is
   * taken, `disk` when the system refuses.
   */
  static async create(
    metainfo: Pick<Metainfo, 'name' | 'isTree'>,
    layout: Layout,
    folder: string,
    pool: FilePool,
  ): Promise<PartialContent> {
    const target = resolve(folder, metainfo.name);
    await refuseTaken(target);
    return diskStep(`${folder} cannot be written to`, async () => {
      await mkdir(folder, { recursive: true });
      const workplace = await mkdtemp(join(resolve(folder), '.bitquorum-'));
      const content = new PartialContent(target, workplace, metainfo.isTree, pool);
      try {
        await content.#createFiles(layout.files);
      } catch (error) {
        await content.close();
        throw error;
      }
      return content;
    });
  }

  borrow(file: LayoutFile, mode: FileMode): Promise<FileLease> {
    return this.#pool.borrow(this.#pathOf(file), mode);
  }

  /** Moves the whole content to its place and removes the folder it grew in. No file of it may be borrowed. */
  async finish(): Promise<void> {
    await this.#pool.forget(this.#workplace);
    await refuseTaken(this.target);
    await diskStep(`${this.target} cannot be put into place`, async () => {
      await rename(this.#root, this.target);
      this.#finished = true; // from here on it is read from its place
      await rm(this.#workplace, { recursive: true, force: true });
    });
  }

  /** Closes it, and removes all of it unless it was finished. */
  async close(): Promise<void> {
    await this.#pool.forget(this.#finished ? this.target : this.#workplace);
    if (!this.#finished) await rm(this.#workplace, { recursive: true, force: true });
  }

  async #createFiles(files: readonly LayoutFile[]): Promise<void> {
    const mask = process.umask();
    const folders = new Set<string>();
    for (const file of files) {
      const path = this.#pathOf(file);
      for (const folder of this.#foldersOf(path)) {
        if (folders.has(folder)) continue;
        folders.add(folder);
        await mkdir(folder, { mode: 0o777 & ~mask });
      }
      const handle = await open(path, 'wx', file.executable ? 0o777 : 0o666);
      try {
        if (file.sizeBytes > 0) await handle.truncate(file.sizeBytes);
      } finally {
        await handle.close();
      }
    }
    if (this.#isTree) await chmod(this.#root, 0o777 & ~mask);
  }

  get #root(): string {
    return this.#finished ? this.target : join(this.#workplace, 'content');
  }

  #pathOf(file: LayoutFile): string {
    return this.#isTree ? join(this.#root, ...file.path) : this.#root;
  }

  /** The folders above a path up to the content's own, from the top. */
  #foldersOf(path: string): string[] {
    const folders: string[] = [];
    for (let folder = dirname(path); folder.length > this.#workplace.length; folder = dirname(folder)) {
      folders.unshift(folder);
    }
    return folders;
  }
}

async function refuseTaken(target: string): Promise<void> {
  if ((await whatStandsAt(target)) !== undefined) {
    throw new SwarmError('target-exists', `${target} exists already: move it away or choose another folder`);
  }
}

async function diskStep<Value>(what: string, step: () => Promise<Value>): Promise<Value> {
  try {
    return await step();
  } catch (cause) {
    if (cause instanceof SwarmError) throw cause;
    throw new SwarmError('disk', `${what}: ${(cause as Error).message}`, { cause });
  }
}
