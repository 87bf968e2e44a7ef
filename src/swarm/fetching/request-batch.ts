import { BLOCK_BYTES } from '../../merkle/index.ts';
import { REQUEST_BYTES, writeSpan } from '../../wire/index.ts';
import type { PieceTransfer } from './piece-transfer.ts';
import { MOST_PIPELINE } from './supplier.ts';

/** Requests that leave in one write, put together in memory that is used again and again. */
export class RequestBatch {
  count = 0;
  readonly #bytes = Buffer.allocUnsafeSlow(MOST_PIPELINE * REQUEST_BYTES);

  add(transfer: PieceTransfer, block: number): void {
    writeSpan(this.#bytes, this.count * REQUEST_BYTES, 'request', {
      pieceIndex: transfer.pieceIndex,
      begin: block * BLOCK_BYTES,
      length: transfer.blockLength(block),
    });
    this.count += 1;
  }

  /** For the socket, which needs it until it is sent. */
  copy(): Uint8Array {
    return Buffer.from(this.#bytes.subarray(0, this.count * REQUEST_BYTES));
  }
}
