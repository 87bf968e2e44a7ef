import type { BencodeNode } from '../bencode/index.ts';
import { brandBytes, type PiecesRoot } from '../bytes/index.ts';
import { BLOCK_BYTES } from '../merkle/index.ts';
import { attributesOf } from './attributes.ts';
import { TorrentError } from './error.ts';
import { bytesAt, integerAt } from './fields.ts';
import type { TorrentLimits } from './limits.ts';
import { quotePath } from './quote.ts';

/** A file as the info dictionary lists it, its path not yet checked. */
export interface ListedFile {
  readonly path: readonly Uint8Array[];
  readonly sizeBytes: number;
  readonly executable: boolean;
  readonly piecesRoot?: PiecesRoot;
}

/**
 * The files of a BEP 52 `file tree`, in its order. A node with the empty key is a file; every other key is a
 * name and its value a node.
 */
export function readFileTree(tree: BencodeNode, limits: TorrentLimits): ListedFile[] {
  const files: ListedFile[] = [];
  readFolder(tree, [], files, limits);
  return files;
}

function readFolder(
  folder: BencodeNode,
  path: readonly Uint8Array[],
  files: ListedFile[],
  limits: TorrentLimits,
): void {
  if (path.length >= limits.directoryDepth) {
    throw new TorrentError('directory-too-deep', `folders are nested deeper than ${limits.directoryDepth}`);
  }
  for (const [name, node] of folder.entries()) {
    const here = [...path, name];
    if (name.length === 0 || node.kind !== 'dictionary') throw malformed(here);
    const entries = node.entries();
    const first = entries.next().value;
    if (first?.[0].length === 0) {
      if (first[1].kind !== 'dictionary' || !entries.next().done) throw malformed(here);
      files.push(readFile(first[1], here, limits));
    } else {
      readFolder(node, here, files, limits);
    }
  }
}

function readFile(node: BencodeNode, path: readonly Uint8Array[], limits: TorrentLimits): ListedFile {
  const { executable, pad, symlink } = attributesOf(node);
  if (pad) {
    throw new TorrentError(
      'invalid-pad-file',
      `${quotePath(path)} is padding, which has no place in a file tree`,
    );
  }
  if (symlink) throw symlinkRefused(path);
  const sizeBytes = sizeOf(node, path, limits);
  if (sizeBytes === 0) return { path, sizeBytes, executable };
  const root = bytesAt(node, 'pieces root');
  if (root?.length !== 32 || root.every((byte) => byte === 0)) {
    throw new TorrentError(
      'missing-pieces-root',
      `${quotePath(path)} has no pieces root of 32 bytes that are not all zero`,
    );
  }
  return { path, sizeBytes, executable, piecesRoot: brandBytes('PiecesRoot', root) };
}

/** `length` of a file. Throws `invalid-length` for none, a negative or a too large one. */
export function sizeOf(node: BencodeNode, path: readonly Uint8Array[], limits: TorrentLimits): number {
  const sizeBytes = integerAt(node, 'length');
  if (sizeBytes === undefined || sizeBytes < 0 || sizeBytes > limits.fileBlocks * BLOCK_BYTES) {
    throw new TorrentError(
      'invalid-length',
      `${quotePath(path)} has no length between 0 and ${limits.fileBlocks * BLOCK_BYTES} bytes`,
    );
  }
  return sizeBytes;
}

/** Symlinks are never followed nor created. */
export function symlinkRefused(path: readonly Uint8Array[]): TorrentError {
  return new TorrentError(
    'symlink',
    `${quotePath(path)} is a symbolic link: torrents with links are refused`,
  );
}

function malformed(path: readonly Uint8Array[]): TorrentError {
  return new TorrentError('file-parse-failed', `the file tree is malformed at ${quotePath(path)}`);
}
