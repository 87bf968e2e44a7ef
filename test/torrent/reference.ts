import { createHash } from 'node:crypto';

/** SHA-256 as BEP 52 applies it, written for reading and not for speed: what the fast hasher is held against. */
const sha256 = (...parts: Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

const BLOCK = 16_384;

function treeRoot(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 1) return leaves[0] as Buffer;
  const middle = leaves.length / 2;
  return sha256(treeRoot(leaves.slice(0, middle)), treeRoot(leaves.slice(middle)));
}

function paddedTo(leaves: readonly Buffer[], width: number): Buffer[] {
  return Array.from({ length: width }, (_, index) => leaves[index] ?? Buffer.alloc(32));
}

function widthOf(count: number): number {
  return 2 ** Math.ceil(Math.log2(count));
}

/** Piece layer of content longer than a piece, else its pieces root alone. */
export function layerOf(content: Buffer, pieceLength: number): Buffer {
  const blocks: Buffer[] = [];
  for (let at = 0; at < content.length; at += BLOCK) blocks.push(sha256(content.subarray(at, at + BLOCK)));
  if (content.length <= pieceLength) return treeRoot(paddedTo(blocks, widthOf(blocks.length)));
  const perPiece = pieceLength / BLOCK;
  const pieces: Buffer[] = [];
  for (let at = 0; at < blocks.length; at += perPiece) {
    pieces.push(treeRoot(paddedTo(blocks.slice(at, at + perPiece), perPiece)));
  }
  return Buffer.concat(pieces);
}

/** SHA-1 of each piece of content, the last one filled up with zeros or not. */
export function v1HashesOf(content: Buffer, pieceLength: number, padded: boolean): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < content.length; at += pieceLength) {
    const piece = content.subarray(at, at + pieceLength);
    const zeros = Buffer.alloc(padded ? pieceLength - piece.length : 0);
    pieces.push(createHash('sha1').update(piece).update(zeros).digest());
  }
  return Buffer.concat(pieces);
}
