import { BLOCK_BYTES } from '../../merkle/index.ts';
import type { BlockSource } from './block-source.ts';
import type { Slots } from './slots.ts';

const FREE = 0;
const ASKED = 1;
const HERE = 2;

/** A piece on its way: which of its blocks are asked for, which are here, and who sent them. */
export class PieceTransfer {
  readonly pieceIndex: number;
  readonly length: number;
  readonly blockCount: number;
  readonly slot: number;
  /** Who fetches this piece; others only help when they have nothing else to do. */
  owner: BlockSource | undefined;
  /** Set after a failure that names nobody: this piece then comes from one source alone. */
  isExclusive = false;
  /** It is being hashed: nothing may be written to its memory. */
  isSealed = false;
  /** Whether blocks of it came from more than one. */
  isMixed = false;
  #firstSender: BlockSource | undefined;
  #free: number;
  #missing: number;
  /** Blocks below this one are not free. */
  #cursor = 0;
  readonly #state: Uint8Array;
  readonly #senders: (BlockSource | undefined)[];
  readonly #writers: (BlockSource | undefined)[];
  readonly #slots: Slots;

  constructor(pieceIndex: number, length: number, slot: number, slots: Slots) {
    this.pieceIndex = pieceIndex;
    this.length = length;
    this.slot = slot;
    this.#slots = slots;
    this.blockCount = Math.ceil(length / BLOCK_BYTES);
    this.#free = this.#missing = this.blockCount;
    this.#state = new Uint8Array(this.blockCount);
    this.#senders = Array.from({ length: this.blockCount });
    this.#writers = Array.from({ length: this.blockCount });
  }

  /** Whether a block is neither here nor asked for. */
  get hasFree(): boolean {
    return this.#free > 0;
  }

  get isWhole(): boolean {
    return this.#missing === 0;
  }

  /** Blocks that are here. */
  get blocksHere(): number {
    return this.blockCount - this.#missing;
  }

  /** Its memory is needed for another piece: nobody may write to it any more. */
  stopWriters(): void {
    for (const [block, writer] of this.#writers.entries()) {
      writer?.dropBlock();
      this.#writers[block] = undefined;
    }
  }

  /** Whether a block of it is still to come. */
  isOpen(block: number): boolean {
    const state = this.#state[block];
    return !this.isSealed && state !== undefined && state !== HERE;
  }

  blockLength(block: number): number {
    return Math.min(BLOCK_BYTES, this.length - block * BLOCK_BYTES);
  }

  /** Memory of the slot, of the piece's length. */
  get memory(): Uint8Array {
    const { bytes } = this.#slots.memory(this.slot);
    return bytes.length === this.length ? bytes : bytes.subarray(0, this.length);
  }

  blockMemory(block: number): Uint8Array {
    const memory = this.#slots.memory(this.slot).block(block);
    const length = this.blockLength(block);
    return memory.length === length ? memory : memory.subarray(0, length);
  }

  /** The first block that is not here; the number of blocks when all are. */
  get firstMissing(): number {
    const block = this.#state.findIndex((state) => state !== HERE);
    return block < 0 ? this.blockCount : block;
  }

  /** The next free block, marked as asked for; -1 when there is none. */
  ask(): number {
    if (this.#free === 0) return -1;
    while (this.#state[this.#cursor] !== FREE) this.#cursor += 1;
    this.#state[this.#cursor] = ASKED;
    this.#free -= 1;
    return this.#cursor;
  }

  /** A block that is asked for but not here, for which `accepts` holds; -1 when there is none. */
  findAsked(accepts: (block: number) => boolean): number {
    return this.#state.findIndex((state, block) => state === ASKED && accepts(block));
  }

  /** A block will not come from whom it was asked for. */
  release(block: number): void {
    if (this.#state[block] !== ASKED) return;
    this.#state[block] = FREE;
    this.#free += 1;
    this.#cursor = Math.min(this.#cursor, block);
  }

  /** Who is writing a block into the slot right now. */
  writerOf(block: number): BlockSource | undefined {
    return this.#writers[block];
  }

  setWriter(block: number, peer: BlockSource | undefined): void {
    this.#writers[block] = peer;
  }

  /** A block is here. It may have been free again, when its peer was slow. */
  receive(block: number, sender: BlockSource): void {
    if (this.#state[block] === FREE) this.#free -= 1;
    this.#state[block] = HERE;
    this.#missing -= 1;
    this.#senders[block] = sender;
    this.#firstSender ??= sender;
    if (sender !== this.#firstSender) this.isMixed = true;
    this.#writers[block] = undefined;
  }

  /** Who sent a block. */
  senderOf(block: number): BlockSource | undefined {
    return this.#senders[block];
  }

  /** Everyone who sent a block of it. */
  get senders(): ReadonlySet<BlockSource> {
    return new Set(this.#senders.filter((sender) => sender !== undefined));
  }

  /** Forgets blocks that turned out to be wrong. */
  forget(blocks: Iterable<number>): void {
    for (const block of blocks) {
      if (this.#state[block] !== HERE) continue;
      this.#state[block] = FREE;
      this.#free += 1;
      this.#missing += 1;
      this.#senders[block] = undefined;
      this.#cursor = Math.min(this.#cursor, block);
    }
    this.isSealed = false;
  }
}
