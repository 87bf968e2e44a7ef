import type { BlockSource } from './block-source.ts';
import type { PieceTransfer } from './piece-transfer.ts';

/** How many times the patience with silent peers a piece may take, and how long each of its blocks besides. */
const PATIENCE = 3;
const BLOCK_MS = 1000;
/** For how long a host that kept a piece back is not given it again, in patiences; of how many this is known. */
const REMEMBERED = 20;
const MOST_REMEMBERED = 256;
const NONE: ReadonlySet<number> = new Set();

/**
 * Pieces that one source alone may send, since it is unknown who sent a wrong block of them. Nobody helps with these:
 * a source that sends other blocks and keeps one of such a piece back would keep the download from its end for ever.
 */
export class LonePieces {
  readonly #patienceMs: number;
  readonly #rememberedMs: number;
  /** Hosts with the pieces they kept back, and until when they are not given these again. */
  readonly #keptBack: { readonly host: string; readonly pieceIndex: number; readonly untilMs: number }[] = [];
  readonly #begun = new WeakMap<PieceTransfer, { readonly owner: BlockSource; readonly sinceMs: number }>();

  /** `stallTimeoutMs`: for how long a peer may owe blocks and send none. */
  constructor(stallTimeoutMs: number) {
    this.#patienceMs = PATIENCE * stallTimeoutMs;
    this.#rememberedMs = REMEMBERED * stallTimeoutMs;
  }

  /** Notes who kept a piece back. */
  note(host: string, pieceIndex: number, nowMs: number): void {
    this.#keptBack.push({ host, pieceIndex, untilMs: nowMs + this.#rememberedMs });
    if (this.#keptBack.length > MOST_REMEMBERED) this.#keptBack.shift();
  }

  /** Pieces that a host kept back not long ago: others come first. */
  keptBackBy(host: string, nowMs: number): ReadonlySet<number> {
    if (this.#keptBack.length === 0) return NONE;
    const kept = this.#keptBack.filter((each) => each.host === host && each.untilMs > nowMs);
    return kept.length === 0 ? NONE : new Set(kept.map(({ pieceIndex }) => pieceIndex));
  }

  /** Sources that have had such a piece for too long, each with the piece. */
  *overdue(
    transfers: Iterable<PieceTransfer>,
    nowMs: number,
  ): Generator<readonly [BlockSource, PieceTransfer], void> {
    for (const transfer of transfers) {
      const { owner } = transfer;
      if (!transfer.isExclusive || transfer.isSealed || owner === undefined) continue;
      const begun = this.#begun.get(transfer);
      if (begun?.owner !== owner) this.#begun.set(transfer, { owner, sinceMs: nowMs });
      else if (nowMs - begun.sinceMs > this.#patienceMs + transfer.blockCount * BLOCK_MS)
        yield [owner, transfer];
    }
  }
}
