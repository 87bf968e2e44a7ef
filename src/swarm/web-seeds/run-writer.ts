import { BLOCK_BYTES } from '../../merkle/index.ts';
import type { BlockSource } from '../fetching/block-source.ts';
import type { Downloader } from '../fetching/downloader.ts';
import type { PieceTransfer } from '../fetching/piece-transfer.ts';
import type { Run } from '../fetching/runs.ts';
import type { Slots } from '../fetching/slots.ts';

export interface RunWriterParts {
  readonly source: BlockSource;
  readonly run: Run;
  /** A piece before the run that the source goes on with. */
  readonly head: PieceTransfer | undefined;
  readonly downloader: Downloader;
  readonly slots: Slots;
  readonly signal: AbortSignal;
}

/** Puts the bytes of one answer into blocks of pieces, one piece of a run after the other. */
export class RunWriter {
  /** The rest of the file comes anyway: the run goes on as far as nobody else fetches what follows. */
  isWhole = false;
  readonly #parts: RunWriterParts;
  readonly #scratch = new Uint8Array(BLOCK_BYTES);
  #transfer: PieceTransfer | undefined;
  #block = 0;
  /** Bytes of the current block that are in the scratch. */
  #filled = 0;

  constructor(parts: RunWriterParts) {
    this.#parts = parts;
    this.#transfer = parts.head;
    this.#block = parts.head?.firstMissing ?? 0;
  }

  /** The first block of the piece that comes next. */
  get firstBlock(): number {
    return this.#block;
  }

  /** Takes bytes as they come; `false` when no more are wanted. Waits for memory where there is none. */
  async push(bytes: Uint8Array): Promise<boolean> {
    for (let at = 0; at < bytes.length; ) {
      const transfer = this.#transfer ?? (await this.#next());
      if (!transfer) {
        this.#parts.downloader.blocks.waste(bytes.length - at);
        return false;
      }
      const wanted = transfer.blockLength(this.#block) - this.#filled;
      const part = bytes.subarray(at, at + wanted);
      at += part.length;
      if (part.length === wanted) this.#take(transfer, part);
      else {
        this.#scratch.set(part, this.#filled);
        this.#filled += part.length;
      }
    }
    return this.#transfer !== undefined || this.#isMore();
  }

  /** No more bytes come: what is missing is for others. */
  close(): void {
    this.#leave();
    this.#parts.downloader.picker.runs.release(this.#parts.run);
  }

  /** The last bytes of a block. */
  #take(transfer: PieceTransfer, part: Uint8Array): void {
    const { downloader, source } = this.#parts;
    let data = part;
    if (this.#filled > 0) {
      this.#scratch.set(part, this.#filled);
      data = this.#scratch.subarray(0, this.#filled + part.length);
    }
    downloader.blocks.take(source, transfer, this.#block, data);
    this.#filled = 0;
    this.#block += 1;
    if (this.#block === transfer.blockCount) this.#leave();
  }

  #isMore(): boolean {
    const { run, downloader } = this.#parts;
    if (run.left === 0 && this.isWhole) downloader.picker.runs.extend(run, run.file.pieceCount);
    return run.left > 0;
  }

  #leave(): void {
    if (this.#transfer) this.#parts.downloader.blocks.giveUp(this.#parts.source, this.#transfer);
    this.#transfer = undefined;
    this.#block = 0;
  }

  async #next(): Promise<PieceTransfer | undefined> {
    if (!this.#isMore()) return undefined;
    const { run, slots, signal, downloader, source } = this.#parts;
    const slot = slots.take() ?? (await slots.claim(signal));
    const piece = run.next;
    if (run.left === 0) {
      slots.give(slot); // the piece was taken off while there was no memory for it
      return undefined;
    }
    run.next += 1;
    this.#transfer = downloader.picker.begin(piece, slot, source);
    return this.#transfer;
  }
}
