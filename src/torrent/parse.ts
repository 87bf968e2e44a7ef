import { BencodeError, type BencodeNode, decodePrefix } from '../bencode/index.ts';
import { compareBytes } from '../bytes/index.ts';
import { BLOCK_BYTES } from '../merkle/index.ts';
import { TorrentError, type TorrentErrorCode } from './error.ts';
import { bytesAt, dictionaryAt, integerAt, listAt } from './fields.ts';
import { type ListedFile, readFileTree } from './file-tree.ts';
import { infoHashV1Of, infoHashV2Of } from './hashes.ts';
import { TORRENT_LIMITS, type TorrentLimits } from './limits.ts';
import type { Metainfo, TorrentFile } from './metainfo.ts';
import { safeName } from './path-safety.ts';
import { checkPieceLayers, readPieceLayers } from './piece-layers.ts';
import { trackerTiersOf, webSeedsOf } from './torrent-urls.ts';
import { checkV1Files, readV1Pieces } from './v1-half.ts';

/** Codes of the bencode room that have a name of their own here; all others are `invalid-bencoding`. */
const BENCODE_CODES: Readonly<Record<string, TorrentErrorCode>> = {
  'too-deep': 'depth-exceeded',
  'too-large': 'metadata-too-large',
  'too-many-tokens': 'metadata-too-large',
};

/**
 * Reads a `.torrent` file (BEP 52; hybrids also by BEP 3 and 47) and checks all of it: limits, path safety,
 * that both halves of a hybrid describe the same files, and every piece layer against its pieces root. Throws
 * a {@link TorrentError}; `v1-only` for a torrent without a v2 half. Nothing outside `info` and
 * `piece layers` can make it throw, unusable trackers and web seeds are left out. With `mayLackLayers` piece layers may
 * be missing, as in files that clients save from a magnet link before they know them: those that are there are checked,
 * and none is given.
 */
export function parseTorrent(
  bytes: Uint8Array,
  limits: TorrentLimits = TORRENT_LIMITS,
  { mayLackLayers = false }: { readonly mayLackLayers?: boolean } = {},
): Metainfo {
  const torrent = decodeDictionary(bytes, limits);
  const info = dictionaryAt(torrent, 'info');
  if (!info) throw new TorrentError('missing-info', 'the torrent has no info dictionary');
  const metainfo = readInfo(info, limits);
  const pieceLayers = readPieceLayers(torrent.get('piece layers'));
  const isComplete = checkPieceLayers(metainfo, pieceLayers, mayLackLayers);
  checkEnd(torrent, bytes);
  const trackerTiers = trackerTiersOf(torrent, limits.urls);
  return {
    ...metainfo,
    pieceLayers: isComplete ? pieceLayers : new Map(),
    trackers: trackerTiers.flat(),
    trackerTiers,
    webSeeds: webSeedsOf(torrent, limits.urls),
  };
}

/**
 * Reads an info dictionary alone, as peers send it for a magnet link (BEP 9). Its piece layers are unknown:
 * see {@link withPieceLayers}.
 */
export function parseInfo(infoBytes: Uint8Array, limits: TorrentLimits = TORRENT_LIMITS): Metainfo {
  const info = decodeDictionary(infoBytes, limits);
  checkEnd(info, infoBytes);
  return readInfo(info, limits);
}

/** The same metainfo with its piece layers, by hex of the pieces root. Throws as `checkPieceLayers` does. */
export function withPieceLayers(metainfo: Metainfo, pieceLayers: ReadonlyMap<string, Uint8Array>): Metainfo {
  checkPieceLayers(metainfo, pieceLayers);
  return { ...metainfo, pieceLayers };
}

function decodeDictionary(bytes: Uint8Array, limits: TorrentLimits): BencodeNode {
  let node: BencodeNode;
  try {
    node = decodePrefix(bytes, limits);
  } catch (cause) {
    if (!(cause instanceof BencodeError)) throw cause;
    throw new TorrentError(BENCODE_CODES[cause.code] ?? 'invalid-bencoding', cause.message, { cause });
  }
  if (node.kind !== 'dictionary') throw new TorrentError('is-no-dict', 'the metainfo is no dictionary');
  return node;
}

/** Refuses bytes after the dictionary; last of all checks, so that a fault inside it keeps its own name. */
function checkEnd(node: BencodeNode, bytes: Uint8Array): void {
  if (node.end !== bytes.length) {
    throw new TorrentError('invalid-bencoding', `${bytes.length - node.end} bytes stand after the metainfo`);
  }
}

function readInfo(info: BencodeNode, limits: TorrentLimits): Metainfo {
  const tree = treeOf(info);
  const pieceLength = pieceLengthOf(info, limits);
  const name = bytesAt(info, 'name');
  if (!name?.length) throw new TorrentError('missing-name', 'the info dictionary has no name');
  const listed = readFileTree(tree, limits);
  if (listed.length === 0) throw new TorrentError('no-files', 'the file tree holds no file');
  const isHybrid = ['files', 'length', 'pieces'].some((key) => info.get(key) !== undefined);
  const tailPadded = isHybrid && checkV1Files(info, name, listed, pieceLength, limits);
  const sizeBytes = checkSizes(listed, pieceLength, limits);
  const v1Pieces = isHybrid ? readV1Pieces(info, listed, pieceLength, tailPadded) : undefined;
  const files = listed.map((file) => checkPath(file, limits));
  const infoBytes = info.raw;
  return {
    infoBytes,
    infoHashV2: infoHashV2Of(infoBytes),
    ...(isHybrid && { infoHashV1: infoHashV1Of(infoBytes) }),
    profile: isHybrid ? 'hybrid' : 'v2',
    name: safeName(name, limits.nameBytes),
    isTree: listAt(info, 'files') !== undefined || !isNamedLike(listed, name),
    pieceLength,
    sizeBytes,
    files,
    ...(v1Pieces && { v1Pieces }),
    pieceLayers: new Map(),
    isPrivate: integerAt(info, 'private') === 1,
    trackers: [],
    trackerTiers: [],
    webSeeds: [],
  };
}

/** The file tree; throws for versions other than 2. */
function treeOf(info: BencodeNode): BencodeNode {
  const version = integerAt(info, 'meta version');
  const tree = dictionaryAt(info, 'file tree');
  if (version === 2) {
    if (!tree) throw new TorrentError('missing-file-tree', 'the info dictionary has no file tree');
    return tree;
  }
  if (info.get('meta version') === undefined && !tree) {
    throw new TorrentError('v1-only', 'this is a v1 torrent: only v2 and hybrid torrents are taken (BEP 52)');
  }
  throw new TorrentError('unknown-version', 'the "meta version" of the info dictionary is not 2');
}

function pieceLengthOf(info: BencodeNode, limits: TorrentLimits): number {
  const pieceLength = integerAt(info, 'piece length') ?? 0;
  if (
    !Number.isInteger(Math.log2(pieceLength)) ||
    pieceLength < BLOCK_BYTES ||
    pieceLength > limits.pieceBytes
  ) {
    throw new TorrentError(
      'missing-piece-length',
      `the info dictionary has no piece length that is a power of two between ${BLOCK_BYTES} and ${limits.pieceBytes}`,
    );
  }
  return pieceLength;
}

/** Bytes of all files. Refuses too many pieces, and torrents of nothing. */
function checkSizes(files: readonly ListedFile[], pieceLength: number, limits: TorrentLimits): number {
  let sizeBytes = 0;
  let pieces = 0;
  for (const file of files) {
    sizeBytes += file.sizeBytes;
    pieces += Math.ceil(file.sizeBytes / pieceLength);
    if (pieces > limits.pieces) {
      throw new TorrentError('too-many-pieces', `the torrent has more than ${limits.pieces} pieces`);
    }
  }
  if (sizeBytes === 0) throw new TorrentError('invalid-length', 'all files of the torrent are empty');
  return sizeBytes;
}

function checkPath(file: ListedFile, limits: TorrentLimits): TorrentFile {
  return { ...file, path: file.path.map((element) => safeName(element, limits.nameBytes)) };
}

/** Whether the only file stands at the top and has the torrent's name: then there is no folder around it. */
function isNamedLike(files: readonly ListedFile[], name: Uint8Array): boolean {
  const [file, ...others] = files;
  const [top, ...below] = file?.path ?? [];
  return others.length === 0 && below.length === 0 && top !== undefined && compareBytes(top, name) === 0;
}
