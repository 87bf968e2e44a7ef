import { BLOCK_BYTES } from '../merkle/index.ts';

/** Content up to this size has pieces of one block. */
const FIRST_STEP_BYTES = 2_684_355;
const LARGEST_PIECE_BYTES = 16 * 1024 * 1024;

/**
 * The canonical piece length for so much content, without padding: libtorrent's automatic one. One block up to
 * 2,684,355 bytes, doubled each time the size grows fourfold, 16 MiB at most.
 */
export function automaticPieceLength(sizeBytes: number): number {
  let pieceLength = BLOCK_BYTES;
  let step = FIRST_STEP_BYTES;
  while (sizeBytes > step && pieceLength < LARGEST_PIECE_BYTES) {
    pieceLength *= 2;
    step *= 4;
  }
  return pieceLength;
}
