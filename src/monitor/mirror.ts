import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LogError, parseEntryBundle } from '../log/index.ts';

/** Bundles of one folder, so that no folder has too many files. */
const BUNDLES_PER_FOLDER = 1000;

/**
 * The log's entry bundles as files, so that a monitor that starts again reads them from its own disk. Nothing in them is
 * believed: what is read is held against the last checkpoint seen, and what is damaged is fetched again.
 */
export class Mirror {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The entries of a bundle with `width` of them; undefined where it is not kept, or damaged. */
  async read(index: number, width: number): Promise<Uint8Array[] | undefined> {
    try {
      return parseEntryBundle(await readFile(this.#path(index, width)), width);
    } catch (error) {
      if (error instanceof LogError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Keeps a bundle as it was fetched. */
  async write(index: number, width: number, bundle: Uint8Array): Promise<void> {
    const path = this.#path(index, width);
    await mkdir(this.#folderOf(index), { recursive: true, mode: 0o700 });
    await writeFile(`${path}.new`, bundle);
    await rename(`${path}.new`, path);
  }

  /** Forgets a bundle of one width. */
  async forget(index: number, width: number): Promise<void> {
    await rm(this.#path(index, width), { force: true });
  }

  /** Forgets bundles of this place with another width: a wider one is proved. */
  async forgetOthers(index: number, width: number): Promise<void> {
    const folder = this.#folderOf(index);
    const name = nameOf(index, width);
    for (const other of await readdir(folder)) {
      if (other.startsWith(`${index}-`) && other !== name) await rm(join(folder, other), { force: true });
    }
  }

  #folderOf(index: number): string {
    return join(this.#folder, String(Math.floor(index / BUNDLES_PER_FOLDER)));
  }

  #path(index: number, width: number): string {
    return join(this.#folderOf(index), nameOf(index, width));
  }
}

function nameOf(index: number, width: number): string {
  return `${index}-${width}.bundle`;
}
