import type { BencodeNode } from '../bencode/index.ts';
import { equalBytes } from '../bytes/index.ts';
import { attributesOf } from './attributes.ts';
import { TorrentError } from './error.ts';
import { bytesAt, listAt } from './fields.ts';
import { type ListedFile, sizeOf, symlinkRefused } from './file-tree.ts';
import type { TorrentLimits } from './limits.ts';
import type { V1Pieces } from './metainfo.ts';
import { quotePath } from './quote.ts';

const HASH_BYTES = 20;

/** A file of the v1 half, or padding between files. */
interface V1File extends ListedFile {
  readonly pad: boolean;
}

/**
 * Checks that the v1 half of a hybrid lists the same files as its v2 half, each starting at a piece (BEP 52,
 * "upgrade path"). Throws `inconsistent-files` when they differ.
 *
 * @param name raw bytes of the torrent's name, which a single file has for its path
 * @returns whether the last piece is filled up with padding too; older libtorrents left that out
 */
export function checkV1Files(
  info: BencodeNode,
  name: Uint8Array,
  files: readonly ListedFile[],
  pieceLength: number,
  limits: TorrentLimits,
): boolean {
  const v1Files = readV1Files(info, name, limits);
  const others = v1Files.values();
  let offset = 0;
  let start = 0;
  for (const file of files) {
    let other = others.next().value;
    while (other?.pad) {
      offset += other.sizeBytes;
      other = others.next().value;
    }
    if (!other || !isSame(file, other)) {
      throw inconsistent(`${quotePath(file.path)} is not the same file in both`);
    }
    if (file.sizeBytes === 0) continue;
    if (offset !== start) throw inconsistent(`${quotePath(file.path)} does not start at its piece`);
    offset += file.sizeBytes;
    start += Math.ceil(file.sizeBytes / pieceLength) * pieceLength;
  }
  let end = offset;
  for (const rest of others) {
    if (!rest.pad) throw inconsistent(`${quotePath(rest.path)} is in the v1 half only`);
    end += rest.sizeBytes;
  }
  if (end !== offset && end !== start)
    throw inconsistent('the padding at the end does not fill the last piece');
  return end === start;
}

/** The `pieces` of a hybrid. Throws `missing-pieces`, or `invalid-hashes` for another number of them. */
export function readV1Pieces(
  info: BencodeNode,
  files: readonly ListedFile[],
  pieceLength: number,
  tailPadded: boolean,
): V1Pieces {
  const hashes = bytesAt(info, 'pieces');
  if (!hashes) throw new TorrentError('missing-pieces', 'the v1 half of the torrent has no pieces');
  const pieces = files.reduce((sum, file) => sum + Math.ceil(file.sizeBytes / pieceLength), 0);
  if (hashes.length !== pieces * HASH_BYTES) {
    throw new TorrentError(
      'invalid-hashes',
      `"pieces" has ${hashes.length} bytes, not ${pieces * HASH_BYTES} for ${pieces} pieces`,
    );
  }
  return { hashes, tailPadded };
}

/** The files of a v1 info dictionary, padding included; a single file has its name for its path. */
export function readV1Files(info: BencodeNode, name: Uint8Array, limits: TorrentLimits): V1File[] {
  const list = listAt(info, 'files');
  if (!list) return [readV1File(info, [name], limits)];
  return Array.from(list.items(), (item) => {
    if (item.kind !== 'dictionary') throw malformed('an entry of "files" is no dictionary');
    return readV1File(item, readPath(item, limits), limits);
  });
}

function readPath(file: BencodeNode, limits: TorrentLimits): Uint8Array[] {
  const list = listAt(file, 'path');
  if (!list) throw malformed('an entry of "files" has no path');
  const path: Uint8Array[] = [];
  for (const element of list.items()) {
    if (element.kind !== 'bytes') throw malformed('a path of "files" holds what is no string');
    if (path.length >= limits.directoryDepth) {
      throw new TorrentError('directory-too-deep', `folders are nested deeper than ${limits.directoryDepth}`);
    }
    path.push(element.bytes());
  }
  return path;
}

function readV1File(node: BencodeNode, path: readonly Uint8Array[], limits: TorrentLimits): V1File {
  const { executable, pad, symlink } = attributesOf(node);
  if (symlink) throw symlinkRefused(path);
  return { path, sizeBytes: sizeOf(node, path, limits), executable, pad };
}

function isSame(left: ListedFile, right: ListedFile): boolean {
  return (
    left.sizeBytes === right.sizeBytes &&
    left.executable === right.executable &&
    left.path.length === right.path.length &&
    left.path.every((element, index) => equalBytes(element, right.path[index] as Uint8Array))
  );
}

function inconsistent(reason: string): TorrentError {
  return new TorrentError('inconsistent-files', `the v1 and v2 halves describe different files: ${reason}`);
}

function malformed(reason: string): TorrentError {
  return new TorrentError('file-parse-failed', `the v1 file list is malformed: ${reason}`);
}
