import type { Picker } from '../fetching/picker.ts';
import type { PieceTransfer } from '../fetching/piece-transfer.ts';
import type { Layout, LayoutFile } from '../layout.ts';
import { WEB_SEED_LIMITS } from './limits.ts';
import type { Fetch } from './read-run.ts';
import type { WebSeed } from './web-seed.ts';

/** What one request shall fetch. */
type Choice = Pick<Fetch, 'run' | 'head'>;

/** Chooses what web seeds fetch. */
export class FetchChoice {
  readonly #layout: Layout;
  readonly #picker: Picker;
  readonly #runPieces: number;

  constructor(layout: Layout, picker: Picker) {
    this.#layout = layout;
    this.#picker = picker;
    this.#runPieces = Math.max(1, Math.floor(WEB_SEED_LIMITS.runBytes / layout.pieceLength));
  }

  /** What a web seed fetches next: a piece that others left and what follows, or a run of new ones. */
  next(seed: WebSeed): Choice | undefined {
    const wish = {
      source: seed,
      hasFile: (file: LayoutFile) => seed.hasFile(file),
      mostPieces: this.#runPieces,
      isWholeOnly: seed.isWholeOnly,
    };
    if (!seed.isWholeOnly) {
      const urgent = this.#picker.urgent.takeRun(wish);
      if (urgent) return { run: urgent, head: undefined };
      const head = this.#picker.adopt(seed, (piece) => this.#has(seed, piece));
      if (head) return this.#behind(seed, head, this.#runPieces - 1);
    }
    const run = this.#picker.runs.take(wish);
    return run && { run, head: undefined };
  }

  /** In the end: a piece that somebody else owes. */
  help(seed: WebSeed): Choice | undefined {
    if (seed.isWholeOnly || seed.requests > 0) return undefined;
    const slow = this.#picker.findSlow(seed, (piece) => this.#has(seed, piece));
    return slow && this.#behind(seed, slow, 0);
  }

  #behind(seed: WebSeed, head: PieceTransfer, pieces: number): Choice {
    const file = this.#layout.fileOf(head.pieceIndex);
    return { head, run: this.#picker.runs.takeAt(seed, file, head.pieceIndex + 1, pieces) };
  }

  #has(seed: WebSeed, pieceIndex: number): boolean {
    return seed.hasFile(this.#layout.fileOf(pieceIndex));
  }
}
