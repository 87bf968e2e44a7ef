import type { PeerMessage } from '../../wire/index.ts';
import { Bitfield } from '../bitfield.ts';

/** Most `have` messages that are kept before the torrent is known. */
const MAXIMUM_EARLY = 65_536;

/** What a peer says it has before anybody knows how many pieces there are (a magnet link). */
export class EarlyClaims {
  #hasAll = false;
  #bits: Uint8Array | undefined;
  readonly #pieces = new Set<number>();

  /** Keeps a claim; `false` when there are too many. */
  take(message: PeerMessage): boolean {
    if (message.type === 'have-all') this.#hasAll = true;
    else if (message.type === 'bitfield') this.#bits = message.bits;
    else if (message.type === 'have') this.#pieces.add(message.pieceIndex);
    return this.#pieces.size <= MAXIMUM_EARLY;
  }

  /** The claims as a bitfield; `undefined` when they do not fit the torrent. */
  settle(pieceCount: number): Bitfield | undefined {
    if (this.#hasAll) return Bitfield.full(pieceCount);
    const field = this.#bits ? Bitfield.from(this.#bits, pieceCount) : new Bitfield(pieceCount);
    for (const pieceIndex of this.#pieces) {
      if (pieceIndex >= pieceCount) return undefined;
      field?.set(pieceIndex);
    }
    return field;
  }
}
