import type { Peer } from '../connection/peer.ts';
import type { Layout } from '../layout.ts';
import type { Throttle } from '../rates/throttle.ts';
import type { Picker } from './picker.ts';
import { RequestBatch } from './request-batch.ts';
import { MOST_PIPELINE, mostOwedUnder, type Supplier } from './supplier.ts';

export interface AskingParts {
  readonly layout: Layout;
  readonly picker: Picker;
  readonly suppliers: ReadonlyMap<Peer, Supplier>;
  /** The limits that what comes is under. */
  readonly intake: Throttle;
  /** Whether so much waits to be checked that no more should be asked for. */
  readonly isBehind: () => boolean;
  readonly now: () => number;
}

/** Keeps the pipelines of peers full: asks each for as many blocks as it may owe. */
export class Asking {
  readonly #parts: AskingParts;
  readonly #requests = new RequestBatch();
  /** Most blocks that one peer may owe: fewer under a download limit. */
  #mostOwed = MOST_PIPELINE;
  #isFillDue = false;

  constructor(parts: AskingParts) {
    this.#parts = parts;
  }

  /** Asks a peer for as many blocks as it may owe, in one write. */
  fill(supplier: Supplier): void {
    const { peer } = supplier;
    if (peer.isChoking || !peer.isInteresting || peer.isClosed) return;
    const room = Math.min(supplier.room, this.#mostOwed - supplier.load);
    if (room <= 0 || this.#parts.isBehind()) return;
    const { picker, suppliers, intake, layout } = this.#parts;
    supplier.owes(this.#parts.now());
    const requests = this.#requests;
    // Under a limit that holds peers back, asking two of them for one block would only spend it twice.
    const isAlone = (suppliers.size === 1 && picker.runs.size === 0) || intake.holdsBack;
    requests.count = 0;
    supplier.isStarved = false;
    while (requests.count < room) {
      const pick = picker.next(supplier, isAlone);
      if (!pick) {
        supplier.isStarved = true;
        break;
      }
      const { transfer } = pick;
      const first = transfer.pieceIndex * layout.blocksPerPiece;
      // The rest of the piece comes along: choosing costs more than asking.
      for (let block = pick.block; block >= 0; block = requests.count < room ? transfer.ask() : -1) {
        supplier.asks(first + block);
        requests.add(transfer, block);
      }
    }
    if (requests.count > 0) peer.sendBytes(requests.copy());
  }

  /** Asks everybody for more. */
  fillAll(): void {
    for (const supplier of this.#parts.suppliers.values()) this.fill(supplier);
  }

  /** Asks those for more whose pipelines ran low. */
  refill(): void {
    for (const supplier of this.#parts.suppliers.values()) if (isWorthAsking(supplier)) this.fill(supplier);
  }

  /** Asks everybody for more once the current turn is over, however often it is called in it. */
  fillSoon(): void {
    if (this.#isFillDue) return;
    this.#isFillDue = true;
    setImmediate(() => {
      this.#isFillDue = false;
      this.fillAll();
    });
  }

  /** Under a download limit no more is asked for than comes in a few seconds, of everybody alike. */
  share(): void {
    const { intake, suppliers } = this.#parts;
    this.#mostOwed = intake.isOn ? mostOwedUnder(intake.bytesPerSecond, suppliers.keys()) : MOST_PIPELINE;
  }
}

/** Requests leave many at a time: a write for each would cost more than the block. */
export function isWorthAsking(supplier: Supplier): boolean {
  const most = supplier.mostOwed;
  return most - supplier.load >= Math.min(64, most >> 2);
}
