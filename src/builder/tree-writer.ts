import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { BuilderError } from './errors.ts';

/** How many files are written before others get their turn: synchronous writes are the quickest for small files. */
const FILES_A_TURN = 64;

/**
 * Fills a folder that is empty and that nothing else writes to, so no link can lead outside. Two files at one
 * place are an error of the recipe. Paths must have been checked by `pathFault`.
 */
export class TreeWriter {
  readonly #root: string;
  readonly #signal: AbortSignal;
  readonly #made = new Set<string>(['.']);
  #written = 0;

  constructor(root: string, signal: AbortSignal) {
    this.#root = root;
    this.#signal = signal;
  }

  async write(path: string, content: string | Uint8Array, mode: number): Promise<void> {
    this.#written += 1;
    if (this.#written % FILES_A_TURN === 0) await setImmediate(undefined, { signal: this.#signal });
    this.folder(dirname(path));
    const target = join(this.#root, path);
    try {
      writeFileSync(target, content, { flag: 'wx', mode });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      throw new BuilderError('bad-recipe', `two sources or files of the recipe are to be at ${path}`, {
        cause: error,
      });
    }
    chmodSync(target, mode); // whatever this process's umask is
  }

  folder(path: string): void {
    if (this.#made.has(path)) return;
    this.folder(dirname(path));
    const target = join(this.#root, path);
    mkdirSync(target, { mode: 0o755 });
    chmodSync(target, 0o755);
    this.#made.add(path);
  }
}
