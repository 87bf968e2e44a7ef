import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readNamed } from '../files/index.ts';
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

  /**
   * The entries of a bundle with `width` of them, from a wider one if need be: a monitor that was killed has a wider one
   * than its checkpoint, and logs need not serve old partial ones. Undefined where none is kept, or it is damaged.
   */
  async read(index: number, width: number): Promise<Uint8Array[] | undefined> {
    const entries = await this.#readOne(index, width);
    if (entries !== undefined) return entries;
    for (const wider of await this.#widths(index)) {
      if (wider > width) return (await this.#readOne(index, wider))?.slice(0, width);
    }
    return undefined;
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
    for (const other of await this.#widths(index)) if (other !== width) await this.forget(index, other);
  }

  async #readOne(index: number, width: number): Promise<Uint8Array[] | undefined> {
    try {
      return parseEntryBundle(await readNamed(this.#path(index, width)), width);
    } catch (error) {
      if (error instanceof LogError || isAbsent(error)) return undefined;
      throw error;
    }
  }

  /** Which widths of a bundle are kept. */
  async #widths(index: number): Promise<number[]> {
    try {
      const names = await readdir(this.#folderOf(index));
      const widths = names.map((name) => /^(\d+)-(\d+)\.bundle$/.exec(name));
      return widths.flatMap((match) =>
        match !== null && Number(match[1]) === index ? [Number(match[2])] : [],
      );
    } catch (error) {
      if (isAbsent(error)) return [];
      throw error;
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

function isAbsent(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
