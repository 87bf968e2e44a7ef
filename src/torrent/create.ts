import { brandBytes, toHex, toUtf8 } from '../bytes/index.ts';
import { layerRoot, treeHeight } from '../merkle/index.ts';
import { blockTree } from '../sha256/index.ts';
import type { DiskFile } from './disk-file.ts';
import { TorrentError } from './error.ts';
import { type FileHashes, type HashOptions, hashFiles } from './hash-files.ts';
import { pieceLevel, SHA256_BYTES } from './hash-plan.ts';
import { HashThreads } from './hash-threads.ts';
import { infoHashV1Of, infoHashV2Of } from './hashes.ts';
import { encodeInfo, formatTorrent } from './info.ts';
import { TORRENT_LIMITS } from './limits.ts';
import type { Metainfo, Profile, TorrentFile } from './metainfo.ts';
import { safeName } from './path-safety.ts';
import { automaticPieceLength } from './piece-length.ts';
import { type DiskTree, scanTree } from './scan-tree.ts';
import { isTrackerUrl, isWebSeedUrl } from './web-urls.ts';

export interface CreateOptions extends HashOptions {
  /** `hybrid` when left out. */
  readonly profile?: Profile | undefined;
  /** The torrent's name; that of the file or folder when left out. */
  readonly name?: string | undefined;
  readonly trackers?: readonly string[] | undefined;
  readonly webSeeds?: readonly string[] | undefined;
}

export interface CreatedTorrent {
  /** The `.torrent` file. */
  readonly torrent: Uint8Array;
  readonly metainfo: Metainfo;
}

/**
 * Makes the canonical torrent of a file or of a folder's tree: equal bytes give the same infohash on every
 * machine, and the same as libtorrent's `create_torrent` at its defaults. A folder is a tree even when it
 * holds one file. Throws a {@link TorrentError} that names the path.
 *
 * @example
 * const { metainfo } = await createTorrent('out/gzip_1.13-1_amd64.deb', { profile: 'v2' });
 */
export async function createTorrent(path: string, options: CreateOptions = {}): Promise<CreatedTorrent> {
  checkUrls(options);
  const threads = new HashThreads(options.threads);
  try {
    return await createWith(threads, path, options);
  } finally {
    threads.close();
  }
}

async function createWith(
  threads: HashThreads,
  path: string,
  options: CreateOptions,
): Promise<CreatedTorrent> {
  const onFound = (totalBytes: number, files: number): void => threads.foresee(totalBytes, files);
  const tree = renamed(await scanTree(path, { signal: options.signal, onFound }), options.name);
  const sizeBytes = checkedSize(tree, path);
  const pieceLength = automaticPieceLength(sizeBytes);
  const sha1 = options.profile !== 'v2';
  // Padding stands between files: a single file has none, a tree of several has it after the last one too.
  const padded = (): boolean => tree.files.length > 1;
  const hashes = await hashFiles(tree.files, { pieceLength, sha1, padded }, options, threads);
  return assemble(tree, { pieceLength, sizeBytes, hashes, sha1 }, options);
}

interface Hashed {
  readonly pieceLength: number;
  readonly sizeBytes: number;
  readonly hashes: FileHashes;
  readonly sha1: boolean;
}

function assemble(tree: DiskTree, hashed: Hashed, options: CreateOptions): CreatedTorrent {
  const { pieceLength, sizeBytes, hashes, sha1 } = hashed;
  const pieceLayers = new Map<string, Uint8Array>();
  const files = tree.files.map((file, index) => {
    const layer = hashes.layers[index] as Uint8Array;
    const listed = describe(file, layer, pieceLength);
    if (listed.piecesRoot && file.sizeBytes > pieceLength) pieceLayers.set(toHex(listed.piecesRoot), layer);
    return listed;
  });
  const { name, isTree } = tree;
  const trackers = [...new Set(options.trackers)];
  const v1Hashes = sha1 ? hashes.v1Hashes : undefined;
  const infoBytes = encodeInfo({ name, isTree, pieceLength, files, ...(v1Hashes && { v1Hashes }) });
  const metainfo: Metainfo = {
    infoBytes,
    infoHashV2: infoHashV2Of(infoBytes),
    ...(v1Hashes && {
      infoHashV1: infoHashV1Of(infoBytes),
      v1Pieces: { hashes: v1Hashes, tailPadded: files.length > 1 || sizeBytes % pieceLength === 0 },
    }),
    profile: sha1 ? 'hybrid' : 'v2',
    name,
    isTree,
    pieceLength,
    sizeBytes,
    files,
    pieceLayers,
    isPrivate: false,
    trackers,
    trackerTiers: trackers.map((url) => [url]),
    webSeeds: [...new Set(options.webSeeds)],
  };
  const torrent = formatTorrent(metainfo);
  if (torrent.length > TORRENT_LIMITS.bytes) {
    throw new TorrentError(
      'metadata-too-large',
      `the torrent would have ${torrent.length} bytes, more than the ${TORRENT_LIMITS.bytes} that clients take: ` +
        'put the files into an archive',
    );
  }
  return { torrent, metainfo };
}

function describe(file: DiskFile, layer: Uint8Array, pieceLength: number): TorrentFile {
  const { path, sizeBytes, executable } = file;
  if (sizeBytes === 0) return { path, sizeBytes, executable };
  const level = pieceLevel(pieceLength);
  const height = level + treeHeight(layer.length / SHA256_BYTES);
  const root = sizeBytes > pieceLength ? layerRoot(layer, level, height, blockTree) : layer;
  return { path, sizeBytes, executable, piecesRoot: brandBytes('PiecesRoot', root) };
}

function renamed(tree: DiskTree, name: string | undefined): DiskTree {
  if (name === undefined) return tree;
  const safe = safeName(toUtf8(name));
  const files = tree.isTree ? tree.files : tree.files.map((file) => ({ ...file, path: [safe] }));
  return { ...tree, name: safe, files };
}

function checkedSize(tree: DiskTree, path: string): number {
  const sizeBytes = tree.files.reduce((sum, file) => sum + file.sizeBytes, 0);
  if (tree.files.length === 0) {
    throw new TorrentError('no-files', `${path} holds no file: a torrent needs one that is not empty`);
  }
  if (sizeBytes === 0) {
    throw new TorrentError(
      'invalid-length',
      `${path} holds empty files only: a torrent needs one that is not`,
    );
  }
  const pieceLength = automaticPieceLength(sizeBytes);
  const pieces = tree.files.reduce((sum, file) => sum + Math.ceil(file.sizeBytes / pieceLength), 0);
  if (pieces > TORRENT_LIMITS.pieces) {
    throw new TorrentError(
      'too-many-pieces',
      `${path} has more than ${TORRENT_LIMITS.pieces} pieces: split it`,
    );
  }
  return sizeBytes;
}

function checkUrls(options: CreateOptions): void {
  const bad =
    options.trackers?.find((url) => !isTrackerUrl(url)) ??
    options.webSeeds?.find((url) => !isWebSeedUrl(url));
  if (bad !== undefined) {
    throw new TorrentError('bad-option', `${JSON.stringify(bad)} is no address of a tracker or web seed`);
  }
}
