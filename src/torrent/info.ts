import { Bencoded, type Encodable, encode } from '../bencode/index.ts';
import { fromHex } from '../bytes/index.ts';
import type { Metainfo, TorrentFile } from './metainfo.ts';

/** What the canonical info dictionary is made of. */
export type InfoParts = Pick<Metainfo, 'name' | 'isTree' | 'pieceLength' | 'files'> & {
  /** SHA-1 of each padded piece, 20 bytes each, for a hybrid. */
  readonly v1Hashes?: Uint8Array;
};

/** A folder of the file tree: names to folders, or a file under the empty name. */
type Folder = Map<string, Folder | FileNode>;
type FileNode = { readonly [key: string]: Encodable };

/**
 * The canonical info dictionary (DESIGN: canonical artifact torrent): only the keys that BEP 52, and for
 * hybrids BEP 3 and BEP 47, require, as libtorrent's `create_torrent` writes them at its defaults.
 */
export function encodeInfo(parts: InfoParts): Uint8Array {
  const { name, pieceLength, files, v1Hashes } = parts;
  return encode({
    'file tree': fileTree(files),
    ...(v1Hashes && { ...v1Files(parts), pieces: v1Hashes }),
    'meta version': 2,
    name,
    'piece length': pieceLength,
  });
}

/** A `.torrent` file around an info dictionary that is not read or changed. */
export function formatTorrent(
  metainfo: Pick<Metainfo, 'infoBytes' | 'pieceLayers' | 'trackerTiers' | 'webSeeds'>,
): Uint8Array {
  const { infoBytes, pieceLayers, trackerTiers, webSeeds } = metainfo;
  const trackers = trackerTiers.flat();
  const layers = new Map<Uint8Array, Encodable>();
  for (const [root, layer] of pieceLayers) layers.set(fromHex(root), layer);
  return encode({
    announce: trackers[0],
    'announce-list': trackers.length > 1 ? trackerTiers : undefined,
    info: new Bencoded(infoBytes),
    'piece layers': layers,
    'url-list': webSeeds.length > 0 ? webSeeds : undefined,
  });
}

function fileTree(files: readonly TorrentFile[]): Folder {
  const tree: Folder = new Map();
  for (const file of files) {
    let folder = tree;
    for (const name of file.path) {
      let next = folder.get(name);
      if (!(next instanceof Map)) {
        next = new Map();
        folder.set(name, next);
      }
      folder = next;
    }
    folder.set('', fileNode(file));
  }
  return tree;
}

function fileNode(file: TorrentFile): FileNode {
  return {
    ...(file.executable && { attr: 'x' }),
    length: file.sizeBytes,
    ...(file.piecesRoot && { 'pieces root': file.piecesRoot }),
  };
}

/** The v1 half: `length` for a single file, else `files` with their padding (BEP 47). */
function v1Files(parts: InfoParts): { readonly [key: string]: Encodable } {
  const { files, pieceLength } = parts;
  const [only] = files;
  if (!parts.isTree && only) return { ...(only.executable && { attr: 'x' }), length: only.sizeBytes };
  const list: Encodable[] = [];
  for (const file of files) {
    list.push({ ...(file.executable && { attr: 'x' }), length: file.sizeBytes, path: file.path });
    const padding = paddingAfter(file.sizeBytes, pieceLength);
    if (padding > 0 && files.length > 1) {
      list.push({ attr: 'p', length: padding, path: ['.pad', String(padding)] });
    }
  }
  return { files: list };
}

/** Zero bytes between the end of a file and the next piece. */
export function paddingAfter(sizeBytes: number, pieceLength: number): number {
  return (pieceLength - (sizeBytes % pieceLength)) % pieceLength;
}
