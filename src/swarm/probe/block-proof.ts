import { equalBytes } from '../../bytes/index.ts';
import { BLOCK_BYTES, hashAt } from '../../merkle/index.ts';
import { sha256 } from '../../sha256/index.ts';
import type { Metainfo } from '../../torrent/index.ts';
import type { BlockSpan } from '../../wire/index.ts';
import { SwarmError } from '../error.ts';
import { foldRange } from '../fetching/block-tree.ts';
import { PieceHashes } from '../fetching/piece-hashes.ts';
import { doHashJob } from '../hashing/hash-work.ts';
import { fileHeight, Layout, type PiecePlace } from '../layout.ts';
import type { LonePeer } from './lone-peer.ts';

/** A block that a seeder has shown. */
export interface ProvenBlock {
  readonly pieceIndex: number;
  /** The block inside its piece. */
  readonly blockIndex: number;
  /** How it was proven: by its own hash and the tree above it, or with the rest of its piece. */
  readonly proof: 'block' | 'piece';
}

/** Asks for one block, each as likely as the others, and checks it up to its file's root (BEP 52). */
export async function proveAnyBlock(
  lone: LonePeer,
  metainfo: Metainfo,
  random: () => number,
): Promise<ProvenBlock> {
  const layout = new Layout(metainfo.pieceLength, metainfo.files);
  const { pieceIndex, blockIndex } = chooseBlock(layout, random);
  const proof = await proveBlock(lone, metainfo, layout, pieceIndex, blockIndex);
  return { pieceIndex, blockIndex, proof };
}

/** A block of the content, each one as likely as the others. */
function chooseBlock(layout: Layout, random: () => number): { pieceIndex: number; blockIndex: number } {
  let blocks = 0;
  for (const file of layout.files) blocks += Math.ceil(file.sizeBytes / BLOCK_BYTES);
  let chosen = Math.floor(random() * blocks);
  for (const file of layout.files) {
    const count = Math.ceil(file.sizeBytes / BLOCK_BYTES);
    if (chosen < count) {
      return {
        pieceIndex: file.firstPiece + Math.floor(chosen / layout.blocksPerPiece),
        blockIndex: chosen % layout.blocksPerPiece,
      };
    }
    chosen -= count;
  }
  return { pieceIndex: layout.pieceCount - 1, blockIndex: 0 };
}

async function proveBlock(
  lone: LonePeer,
  metainfo: Metainfo,
  layout: Layout,
  pieceIndex: number,
  blockIndex: number,
): Promise<'block' | 'piece'> {
  const place = layout.place(pieceIndex);
  const root = place.file.piecesRoot as Uint8Array;
  const height = fileHeight(place.file);
  const bytes = await lone.block(spanOf(place, pieceIndex, blockIndex));
  const leaf = sha256(bytes);
  if (height === 0) {
    mustBe(equalBytes(leaf, root), 'block');
    return 'block';
  }
  const block = (pieceIndex - place.file.firstPiece) * layout.blocksPerPiece + blockIndex;
  const range = { piecesRoot: root, baseLayer: 0, index: block & ~1, length: 2, proofLayers: height - 1 };
  let answer: Uint8Array;
  try {
    answer = await lone.hashes(range);
  } catch (error) {
    if (!(error instanceof SwarmError && error.code === 'peer-refused')) throw error;
    await provePiece(lone, metainfo, layout, pieceIndex);
    return 'piece';
  }
  const proven = foldRange(range, answer, Math.ceil(place.file.sizeBytes / BLOCK_BYTES) - range.index);
  mustBe(proven?.level === height && equalBytes(proven.ancestor, root), 'proof');
  mustBe(proven !== undefined && equalBytes(hashAt(proven.hashes, block & 1), leaf), 'block');
  return 'block';
}

/** Fetches the whole piece and proves that. */
async function provePiece(
  lone: LonePeer,
  metainfo: Metainfo,
  layout: Layout,
  pieceIndex: number,
): Promise<void> {
  const place = layout.place(pieceIndex);
  const hashes = new PieceHashes(layout, metainfo.pieceLayers);
  if (hashes.of(pieceIndex) === undefined) {
    const inFile = pieceIndex - place.file.firstPiece;
    for (const missing of hashes.missing()) {
      const { range } = missing;
      if (!equalBytes(range.piecesRoot, place.file.piecesRoot as Uint8Array)) continue;
      if (inFile < range.index || inFile >= range.index + range.length) continue;
      mustBe(hashes.accept(missing, await lone.hashes(range)), 'proof');
      break;
    }
  }
  const data = new Uint8Array(place.length);
  for (let block = 0; block * BLOCK_BYTES < place.length; block += 1) {
    data.set(await lone.block(spanOf(place, pieceIndex, block)), block * BLOCK_BYTES);
  }
  const expected = hashes.of(pieceIndex) as Uint8Array;
  const height = layout.pieceHeight(place.file);
  mustBe(doHashJob({ kind: 'piece', data, height, expected }).kind === 'right', 'piece');
}

function spanOf(place: PiecePlace, pieceIndex: number, block: number): BlockSpan {
  const begin = block * BLOCK_BYTES;
  return { pieceIndex, begin, length: Math.min(BLOCK_BYTES, place.length - begin) };
}

function mustBe(isTrue: boolean, what: 'block' | 'piece' | 'proof'): void {
  if (!isTrue) throw new SwarmError('peer-lied', `the ${what} that the seeder gave is not the torrent's`);
}
