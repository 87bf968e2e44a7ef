import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { BuilderError } from './errors.ts';

/** How many files are written before others get their turn: synchronous writes are the quickest for small files. */
const FILES_A_TURN = 64;

/**
 * Fills a new folder that nothing else writes to, so no link can lead outside. Two files at one
 * place are an error of the recipe. Paths must have been checked by `pathFault`.
 */
export class TreeWriter {
  readonly #root: string;
  readonly #signal: AbortSignal;
  readonly #made = new Set<string>(['.']);
  /** Whether this process's umask takes bits away that a tree shall have. */
  readonly #mustSetModes: boolean;
  #written = 0;

  /** Makes the folder at `root`, which must not be there yet. */
  constructor(root: string, signal: AbortSignal) {
    mkdirSync(root, { mode: 0o755 });
    this.#mustSetModes = (statSync(root).mode & 0o777) !== 0o755;
    if (this.#mustSetModes) chmodSync(root, 0o755);
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
      throw twice(path, error);
    }
    if (this.#mustSetModes) chmodSync(target, mode);
  }

  folder(path: string): void {
    if (this.#made.has(path)) return;
    this.folder(dirname(path));
    const target = join(this.#root, path);
    try {
      mkdirSync(target, { mode: 0o755 });
    } catch (error) {
      throw twice(path, error);
    }
    if (this.#mustSetModes) chmodSync(target, 0o755);
    this.#made.add(path);
  }
}

function twice(path: string, error: unknown): unknown {
  if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return error;
  return new BuilderError('bad-recipe', `two sources or files of the recipe are to be at ${path}`, {
    cause: error,
  });
}
