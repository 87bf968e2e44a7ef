import type { BencodeNode } from '../bencode/index.ts';
import { equalBytes, toHex } from '../bytes/index.ts';
import { BLOCK_BYTES, layerRoot, treeHeight } from '../merkle/index.ts';
import { blockTree } from '../sha256/index.ts';
import { TorrentError } from './error.ts';
import type { Metainfo, TorrentFile } from './metainfo.ts';

const HASH_BYTES = 32;

/** What decides which piece layers a torrent has. */
type Layered = Pick<Metainfo, 'files' | 'pieceLength'>;

/** Whether a file has a piece layer: it is longer than a piece (BEP 52, "piece layers"). */
export function hasPieceLayer(file: TorrentFile, pieceLength: number): boolean {
  return file.sizeBytes > pieceLength;
}

/** The layers of a torrent's `piece layers`, each still to be checked. `undefined` for a torrent without. */
export function readPieceLayers(node: BencodeNode | undefined): Map<string, Uint8Array> {
  const layers = new Map<string, Uint8Array>();
  if (!node) return layers;
  if (node.kind !== 'dictionary') throw invalid('"piece layers" is no dictionary');
  for (const [root, layer] of node.entries()) {
    if (root.length !== HASH_BYTES) throw invalid(`a pieces root of ${root.length} bytes, not ${HASH_BYTES}`);
    if (layer.kind !== 'bytes') throw invalid(`the layer of pieces root ${toHex(root)} is no string`);
    layers.set(toHex(root), layer.bytes());
  }
  return layers;
}

/**
 * Checks that there is exactly one layer for each file that is longer than a piece, of the right length, and
 * that it leads to the file's pieces root; with `mayLack`, at most one. Returns whether none is missing. Throws
 * `missing-piece-layer` or `invalid-piece-layer`.
 */
export function checkPieceLayers(
  metainfo: Layered,
  layers: ReadonlyMap<string, Uint8Array>,
  mayLack = false,
): boolean {
  const { files, pieceLength } = metainfo;
  const used = new Set<string>();
  let isComplete = true;
  for (const file of files) {
    if (!file.piecesRoot || !hasPieceLayer(file, pieceLength)) continue;
    const root = toHex(file.piecesRoot);
    const layer = layers.get(root);
    if (!layer) {
      if (!mayLack)
        throw new TorrentError('missing-piece-layer', `there is no piece layer for pieces root ${root}`);
      isComplete = false;
      continue;
    }
    const pieces = Math.ceil(file.sizeBytes / pieceLength);
    if (layer.length !== pieces * HASH_BYTES) {
      throw invalid(`the layer of pieces root ${root} has ${layer.length} bytes, not ${pieces * HASH_BYTES}`);
    }
    // A layer is hashed once, however many files name its root.
    if (!used.has(root) && !leadsTo(layer, pieceLength, file.piecesRoot)) {
      throw invalid(`the layer of pieces root ${root} leads to another root`);
    }
    used.add(root);
  }
  for (const root of layers.keys()) {
    if (!used.has(root)) throw invalid(`pieces root ${root} belongs to no file longer than a piece`);
  }
  return isComplete;
}

function leadsTo(layer: Uint8Array, pieceLength: number, root: Uint8Array): boolean {
  const level = treeHeight(pieceLength / BLOCK_BYTES);
  const height = level + treeHeight(layer.length / HASH_BYTES);
  return equalBytes(layerRoot(layer, level, height, blockTree), root);
}

function invalid(reason: string): TorrentError {
  return new TorrentError('invalid-piece-layer', `piece layers: ${reason}`);
}
