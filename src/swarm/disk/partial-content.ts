import type { LayoutFile } from '../layout.ts';
import type { Content, FinishedContent } from './content.ts';
import type { FileLease, FileMode, FilePool } from './file-pool.ts';
import { looksUntouched, type PreparedFile } from './partial-files.ts';

/**
 * Content that is being downloaded: files that nobody else can write to, in a private folder. When it was moved to its
 * place it is read from there, as any finished content.
 */
export class PartialContent implements Content {
  readonly #files: readonly PreparedFile[];
  readonly #root: string;
  readonly #pool: FilePool;
  /** While it is being moved, and after. */
  #finished: Promise<FinishedContent> | undefined;

  constructor(root: string, files: readonly PreparedFile[], pool: FilePool) {
    this.#root = root;
    this.#files = files;
    this.#pool = pool;
  }

  pathOf(file: LayoutFile): string {
    return (this.#files[file.index] as PreparedFile).path;
  }

  async borrow(file: LayoutFile, mode: FileMode): Promise<FileLease> {
    const finished = await this.#finished;
    return finished ? finished.borrow(file, mode) : this.#pool.borrow(this.pathOf(file), mode);
  }

  /** Files that somebody else cut off, replaced or made holes into meanwhile, as far as their looks tell. */
  async touchedFiles(): Promise<LayoutFile[]> {
    const touched: LayoutFile[] = [];
    for (const prepared of this.#files) if (!(await looksUntouched(prepared))) touched.push(prepared.file);
    return touched;
  }

  /** Moves it by `move`, which resolves to the content in its place; whoever wants to read waits for it. */
  async finish(move: () => Promise<FinishedContent>): Promise<void> {
    const moving = this.#pool.forget(this.#root).then(move);
    this.#finished = moving;
    try {
      await moving;
    } catch (error) {
      this.#finished = undefined; // it stands where it was
      throw error;
    }
  }

  async close(): Promise<void> {
    // When it cannot be moved it stands where it was, and whoever moves it hears why.
    const finished = await this.#finished?.catch(() => undefined);
    if (finished) await finished.close();
    else await this.#pool.forget(this.#root);
  }
}
