import type { Layout, LayoutFile } from '../layout.ts';
import type { BlockSource } from './block-source.ts';
import type { Rarity } from './rarity.ts';

/** Pieces of one file, one behind the other, that one web seed fetches: from `next` to before `end`. */
export class Run {
  readonly file: LayoutFile;
  /** The first piece that is not begun. */
  next: number;
  /** Others may take pieces off the end. */
  end: number;
  readonly source: BlockSource;

  constructor(source: BlockSource, file: LayoutFile, next: number, end: number) {
    this.source = source;
    this.file = file;
    this.next = next;
    this.end = end;
  }

  get left(): number {
    return this.end - this.next;
  }
}

/** What a web seed can fetch. */
export interface RunWish {
  readonly source: BlockSource;
  readonly hasFile: (file: LayoutFile) => boolean;
  readonly mostPieces: number;
  /** Files only from their beginning: the server knows no ranges. */
  readonly isWholeOnly: boolean;
}

/**
 * Pieces that are set aside for web seeds, which fetch long runs by one request each. Nobody else begins them, until
 * there is nothing else to begin: then peers take them off the far end, and other web seeds take the far half.
 */
export class Runs {
  readonly #layout: Layout;
  readonly #rarity: Rarity;
  readonly #isReady: (pieceIndex: number) => boolean;
  readonly #runs = new Set<Run>();
  /** Where the search for the next run begins: behind the one found last. */
  #cursor = 0;

  constructor(layout: Layout, rarity: Rarity, isReady: (pieceIndex: number) => boolean) {
    this.#layout = layout;
    this.#rarity = rarity;
    this.#isReady = isReady;
  }

  /** How many runs are under way. */
  get size(): number {
    return this.#runs.size;
  }

  /** Sets the longest run aside that nobody fetches, or one that is as long as wished. */
  take(wish: RunWish): Run | undefined {
    const gap = this.#findGap(wish);
    if (gap) {
      this.#cursor = gap.end;
      return this.#setAside(gap);
    }
    return wish.isWholeOnly ? undefined : this.#halve(wish);
  }

  /** Sets the pieces of a file aside from `first` on, as far as nobody fetches them; the run may be empty. */
  takeAt(source: BlockSource, file: LayoutFile, first: number, mostPieces: number): Run {
    return this.#setAside(new Run(source, file, first, this.#endOfGap(file, first, mostPieces)));
  }

  /** Lengthens a run as far as nobody fetches what follows. */
  extend(run: Run, pieces: number): void {
    const end = this.#endOfGap(run.file, run.end, pieces);
    for (let piece = run.end; piece < end; piece += 1) this.#rarity.remove(piece);
    run.end = end;
  }

  /** Takes the last piece from the longest run whose last piece `accepts` takes; -1 when there is none. */
  takeLast(accepts: (pieceIndex: number) => boolean): number {
    let longest: Run | undefined;
    for (const run of this.#runs) {
      if (run.left > (longest?.left ?? 0) && accepts(run.end - 1)) longest = run;
    }
    if (!longest) return -1;
    longest.end -= 1;
    return longest.end;
  }

  /** The run that holds a piece which is not begun. */
  holderOf(pieceIndex: number): Run | undefined {
    for (const run of this.#runs) if (pieceIndex >= run.next && pieceIndex < run.end) return run;
    return undefined;
  }

  /** Ends the run that holds a piece before it: the piece is to come from somebody else, at once. */
  cut(pieceIndex: number): void {
    const run = this.holderOf(pieceIndex);
    if (run) this.#shorten(run, pieceIndex);
  }

  /** Pieces of a run that are not begun are for others. */
  release(run: Run): void {
    this.#shorten(run, run.next);
    this.#runs.delete(run);
  }

  #shorten(run: Run, end: number): void {
    for (let piece = end; piece < run.end; piece += 1) this.#rarity.add(piece);
    run.end = end;
  }

  #setAside(run: Run): Run {
    for (let piece = run.next; piece < run.end; piece += 1) this.#rarity.remove(piece);
    this.#runs.add(run);
    return run;
  }

  /** The far half of the longest run of another web seed. */
  #halve({ source, hasFile }: RunWish): Run | undefined {
    let longest: Run | undefined;
    for (const run of this.#runs) {
      if (run.source !== source && run.left > (longest?.left ?? 1) && hasFile(run.file)) longest = run;
    }
    if (!longest) return undefined;
    const middle = longest.next + Math.ceil(longest.left / 2);
    const half = new Run(source, longest.file, middle, longest.end);
    longest.end = middle;
    this.#runs.add(half);
    return half;
  }

  #findGap(wish: RunWish): Run | undefined {
    const { pieceCount } = this.#layout;
    if (this.#rarity.size === 0) return undefined;
    const start = this.#cursor % pieceCount;
    const ahead = this.#search(start, pieceCount, wish);
    if (ahead && isLongest(ahead, wish)) return ahead;
    const behind = this.#search(0, start, wish);
    return behind && behind.left > (ahead?.left ?? 0) ? behind : ahead;
  }

  #search(from: number, to: number, wish: RunWish): Run | undefined {
    let best: Run | undefined;
    for (let piece = from; piece < to; ) {
      const file = this.#layout.fileOf(piece);
      const fileEnd = file.firstPiece + file.pieceCount;
      if (!wish.hasFile(file)) piece = fileEnd;
      else {
        const run = this.#searchFile(file, piece, Math.min(to, fileEnd), wish);
        if (run && run.left > (best?.left ?? 0)) best = run;
        if (best && isLongest(best, wish)) return best;
        piece = fileEnd;
      }
    }
    return best;
  }

  #searchFile(file: LayoutFile, from: number, to: number, wish: RunWish): Run | undefined {
    if (wish.isWholeOnly) {
      if (from > file.firstPiece || !this.#isFree(from)) return undefined;
      return new Run(wish.source, file, from, this.#endOfGap(file, from, file.pieceCount));
    }
    let best: Run | undefined;
    for (let piece = from; piece < to; piece += 1) {
      if (!this.#isFree(piece)) continue;
      const run = new Run(wish.source, file, piece, this.#endOfGap(file, piece, wish.mostPieces));
      if (run.left > (best?.left ?? 0)) best = run;
      if (run.left === wish.mostPieces) break;
      piece = run.end;
    }
    return best;
  }

  #endOfGap(file: LayoutFile, first: number, most: number): number {
    const last = Math.min(file.firstPiece + file.pieceCount, first + most);
    let end = first;
    while (end < last && this.#isFree(end)) end += 1;
    return end;
  }

  #isFree(pieceIndex: number): boolean {
    return this.#rarity.has(pieceIndex) && this.#isReady(pieceIndex);
  }
}

/** Whether no longer run can be found: it is as long as wished, or a whole file. */
function isLongest(run: Run, { mostPieces }: RunWish): boolean {
  return run.left >= Math.min(mostPieces, run.file.pieceCount);
}
