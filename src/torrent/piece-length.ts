import { BLOCK_BYTES } from '../merkle/index.ts';

const LARGEST_PIECE_BYTES = 16 * 1024 * 1024;

/**
 * The canonical piece length for so much content, without padding: libtorrent's automatic one. One block up to
 * 2,684,355 bytes, doubled each time the size grows fourfold, 16 MiB at most. It is the piece length that makes
 * the list of 20-byte piece hashes about two square roots of the content long.
 */
export function automaticPieceLength(sizeBytes: number): number {
  let pieceLength = BLOCK_BYTES;
  while (pieceLength < LARGEST_PIECE_BYTES && sizeBytes > largestContent(pieceLength)) pieceLength *= 2;
  return pieceLength;
}

/** Most content for a piece length, rounded to bytes as libtorrent's table is. */
function largestContent(pieceLength: number): number {
  return Math.round((pieceLength / 10) ** 2);
}
