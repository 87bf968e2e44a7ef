import { join } from 'node:path';
import { equalBytes, toHex } from '../bytes/index.ts';
import { layerRoot, treeHeight } from '../merkle/index.ts';
import { blockTree } from '../sha256/index.ts';
import { type DiskFile, diskFile, lookAt } from './disk-file.ts';
import { TorrentError } from './error.ts';
import { type FileHashes, type HashOptions, hashFiles } from './hash-files.ts';
import { pieceLevel, SHA1_BYTES, SHA256_BYTES } from './hash-plan.ts';
import { paddingAfter } from './info.ts';
import type { Metainfo, TorrentFile } from './metainfo.ts';
import { hasPieceLayer } from './piece-layers.ts';

/** How a file on disk is not the torrent's. */
export interface FileProblem {
  /** Path elements as the torrent has them. */
  readonly path: readonly string[];
  /**
   * `not-v1` for a file whose SHA-256 is right but whose SHA-1 is not: the torrent's halves describe different
   * data.
   */
  readonly problem: 'missing' | 'not-a-file' | 'wrong-size' | 'wrong-content' | 'not-v1';
  /** Pieces of the file that are wrong, the first being 0; empty when it is not known which. */
  readonly pieces: readonly number[];
}

export interface Verification {
  /** Whether every file of the torrent is there and is right. */
  readonly matches: boolean;
  readonly problems: readonly FileProblem[];
  /** Piece layers of the files that are right, by hex of their pieces roots. */
  readonly pieceLayers: ReadonlyMap<string, Uint8Array>;
}

/**
 * Checks files on disk against a torrent: every block by SHA-256, and the v1 half of a hybrid by SHA-1 in the
 * same pass. Files that the torrent does not list are not looked at.
 *
 * @param path the file of a single-file torrent, or the folder of a tree
 */
export async function verifyTorrent(
  metainfo: Metainfo,
  path: string,
  options: HashOptions = {},
): Promise<Verification> {
  const problems: FileProblem[] = [];
  const present: Present[] = [];
  for (const file of metainfo.files) {
    const diskPath = metainfo.isTree ? join(path, ...file.path) : path;
    const found = find(file, diskPath);
    if ('problem' in found) problems.push(found);
    else present.push({ file, disk: found });
  }
  mustBeSomething(path, metainfo, present);
  const padded = paddedFiles(metainfo);
  const hashes = await hashFiles(
    present.map(({ disk }) => disk),
    {
      pieceLength: metainfo.pieceLength,
      sha1: metainfo.v1Pieces !== undefined,
      padded: (index) => padded.has((present[index] as Present).file),
    },
    options,
  );
  const compared = compare(metainfo, present, hashes);
  problems.push(...compared);
  const wrong = new Set(compared.map(({ path }) => path));
  const pieceLayers = new Map<string, Uint8Array>();
  for (const [index, { file }] of present.entries()) {
    if (!file.piecesRoot || !hasPieceLayer(file, metainfo.pieceLength) || wrong.has(file.path)) continue;
    pieceLayers.set(toHex(file.piecesRoot), hashes.layers[index] as Uint8Array);
  }
  return { matches: problems.length === 0, problems, pieceLayers };
}

/** A file of the torrent that is there with its size. */
interface Present {
  readonly file: TorrentFile;
  readonly disk: DiskFile;
}

function find(file: TorrentFile, diskPath: string): DiskFile | FileProblem {
  const stats = lookAt(diskPath);
  if (!stats) return { path: file.path, problem: 'missing', pieces: [] };
  if (!stats.isFile()) return { path: file.path, problem: 'not-a-file', pieces: [] };
  if (stats.size !== file.sizeBytes) return { path: file.path, problem: 'wrong-size', pieces: [] };
  return diskFile(diskPath, file.path, stats);
}

/** A path where nothing of the torrent is was probably mistyped. */
function mustBeSomething(path: string, metainfo: Metainfo, present: readonly Present[]): void {
  if (present.length === 0 && !lookAt(path)) {
    const kind = metainfo.isTree ? 'folder' : 'file';
    throw new TorrentError('no-such-path', `${path} does not exist: give the ${kind} of ${metainfo.name}`);
  }
}

/** Files whose last piece is filled up with zeros in the v1 half. */
function paddedFiles(metainfo: Metainfo): ReadonlySet<TorrentFile> {
  const padded = new Set(
    metainfo.files.filter((file) => paddingAfter(file.sizeBytes, metainfo.pieceLength) > 0),
  );
  const last = metainfo.files.findLast((file) => file.sizeBytes > 0);
  if (last && !metainfo.v1Pieces?.tailPadded) padded.delete(last);
  return padded;
}

function compare(metainfo: Metainfo, present: readonly Present[], hashes: FileHashes): FileProblem[] {
  const { pieceLength, v1Pieces } = metainfo;
  const problems: FileProblem[] = [];
  const firstPieces = firstPieceOf(metainfo);
  let v1Offset = 0;
  for (const [index, { file }] of present.entries()) {
    const wrong = wrongPieces(metainfo, file, hashes.layers[index] as Uint8Array);
    const pieces = Math.ceil(file.sizeBytes / pieceLength);
    if (wrong) {
      problems.push({ path: file.path, problem: 'wrong-content', pieces: wrong });
    } else if (v1Pieces) {
      const actual = hashes.v1Hashes.subarray(v1Offset, v1Offset + pieces * SHA1_BYTES);
      const start = (firstPieces.get(file) as number) * SHA1_BYTES;
      const wrongV1 = differing(actual, v1Pieces.hashes.subarray(start, start + actual.length), SHA1_BYTES);
      if (wrongV1.length > 0) problems.push({ path: file.path, problem: 'not-v1', pieces: wrongV1 });
    }
    v1Offset += pieces * SHA1_BYTES;
  }
  return problems;
}

/** Pieces of a file that are wrong, none known when the torrent's layer is not; `undefined` when all is right. */
function wrongPieces(metainfo: Metainfo, file: TorrentFile, layer: Uint8Array): number[] | undefined {
  const { pieceLength, pieceLayers } = metainfo;
  if (!file.piecesRoot) return undefined;
  if (!hasPieceLayer(file, pieceLength)) return equalBytes(layer, file.piecesRoot) ? undefined : [0];
  const expected = pieceLayers.get(toHex(file.piecesRoot));
  if (expected) {
    const wrong = differing(layer, expected, SHA256_BYTES);
    return wrong.length > 0 ? wrong : undefined;
  }
  const level = pieceLevel(pieceLength);
  const height = level + treeHeight(layer.length / SHA256_BYTES);
  return equalBytes(layerRoot(layer, level, height, blockTree), file.piecesRoot) ? undefined : [];
}

function differing(left: Uint8Array, right: Uint8Array, size: number): number[] {
  const indexes: number[] = [];
  for (let at = 0; at < left.length; at += size) {
    if (!equalBytes(left.subarray(at, at + size), right.subarray(at, at + size))) indexes.push(at / size);
  }
  return indexes;
}

function firstPieceOf(metainfo: Metainfo): ReadonlyMap<TorrentFile, number> {
  const first = new Map<TorrentFile, number>();
  let piece = 0;
  for (const file of metainfo.files) {
    first.set(file, piece);
    piece += Math.ceil(file.sizeBytes / metainfo.pieceLength);
  }
  return first;
}
