const UNLISTED = 0xffff_ffff;

/**
 * Pieces sorted by how many peers have them, the rarest first, in constant time a change: an array of pieces in
 * runs of equal availability, and where each run starts. A piece comes to a random place of its run, so that those who
 * fetch from the same seeder do not all fetch the same piece first.
 */
export class Rarity {
  /** The listed pieces by availability, up to `#end`. */
  readonly #order: Uint32Array;
  readonly #place: Uint32Array;
  readonly #availability: Uint16Array;
  /** Where the run of each availability starts. */
  readonly #starts: number[] = [0];
  readonly #random: () => number;
  #end: number;

  /** All pieces that are `wanted`, shuffled by `random` (from 0 to below 1). */
  constructor(pieceCount: number, wanted: (pieceIndex: number) => boolean, random: () => number) {
    this.#random = random;
    this.#order = new Uint32Array(pieceCount);
    this.#place = new Uint32Array(pieceCount).fill(UNLISTED);
    this.#availability = new Uint16Array(pieceCount);
    let end = 0;
    for (let pieceIndex = 0; pieceIndex < pieceCount; pieceIndex += 1) {
      if (!wanted(pieceIndex)) continue;
      const at = Math.floor(random() * (end + 1));
      this.#order[end] = this.#order[at] as number;
      this.#order[at] = pieceIndex;
      end += 1;
    }
    this.#end = end;
    for (let at = 0; at < end; at += 1) this.#place[this.#order[at] as number] = at;
  }

  /** How many pieces are in the order. */
  get size(): number {
    return this.#end;
  }

  has(pieceIndex: number): boolean {
    return this.#place[pieceIndex] !== UNLISTED;
  }

  /** One more peer has a piece, or one fewer. */
  change(pieceIndex: number, by: 1 | -1): void {
    const availability = this.#availability[pieceIndex] as number;
    this.#availability[pieceIndex] = availability + by;
    if (!this.has(pieceIndex)) return;
    if (by === 1) {
      this.#openRuns(availability + 1);
      this.#moveUp(pieceIndex, availability);
    } else {
      this.#moveDown(pieceIndex, availability);
    }
  }

  /** Takes a piece out: it is being fetched, or here. */
  remove(pieceIndex: number): void {
    if (!this.has(pieceIndex)) return;
    for (let run = this.#availability[pieceIndex] as number; run < this.#starts.length; run += 1) {
      this.#moveUp(pieceIndex, run);
    }
    this.#end -= 1;
    this.#place[pieceIndex] = UNLISTED;
  }

  /** Puts a piece back that was taken out. */
  add(pieceIndex: number): void {
    if (this.has(pieceIndex)) return;
    const availability = this.#availability[pieceIndex] as number;
    this.#openRuns(availability);
    this.#put(pieceIndex, this.#end);
    this.#end += 1;
    for (let run = this.#starts.length - 1; run > availability; run -= 1) this.#moveDown(pieceIndex, run);
  }

  /** The rarest piece that `accepts` takes, or -1. */
  find(accepts: (pieceIndex: number) => boolean): number {
    for (let at = 0; at < this.#end; at += 1) {
      const pieceIndex = this.#order[at] as number;
      if (accepts(pieceIndex)) return pieceIndex;
    }
    return -1;
  }

  /** Makes sure that there is a run of this availability; new ones are empty. */
  #openRuns(availability: number): void {
    while (this.#starts.length <= availability) this.#starts.push(this.#end);
  }

  /** Moves a piece from its run to the next one, or behind the last one, to what is out. */
  #moveUp(pieceIndex: number, run: number): void {
    const last = (this.#starts[run + 1] ?? this.#end) - 1;
    this.#swap(pieceIndex, last);
    if (run + 1 >= this.#starts.length) return;
    this.#starts[run + 1] = last;
    this.#mix(pieceIndex, last, this.#starts[run + 2] ?? this.#end);
  }

  /** Moves a piece from its run to the one before. */
  #moveDown(pieceIndex: number, run: number): void {
    const first = this.#starts[run] as number;
    this.#swap(pieceIndex, first);
    this.#starts[run] = first + 1;
    this.#mix(pieceIndex, this.#starts[run - 1] as number, first + 1);
  }

  /** Gives a piece a random place of its run, which lies from `start` to before `end`. */
  #mix(pieceIndex: number, start: number, end: number): void {
    this.#swap(pieceIndex, start + Math.floor(this.#random() * (end - start)));
  }

  #swap(pieceIndex: number, at: number): void {
    this.#put(this.#order[at] as number, this.#place[pieceIndex] as number);
    this.#put(pieceIndex, at);
  }

  #put(pieceIndex: number, at: number): void {
    this.#order[at] = pieceIndex;
    this.#place[pieceIndex] = at;
  }
}
