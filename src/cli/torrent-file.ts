import { printable } from '../bytes/index.ts';
import {
  type Metainfo,
  parseTorrent,
  readTorrentFile,
  TORRENT_LIMITS,
  TorrentError,
} from '../torrent/index.ts';

/** Faults that mean that a file is something else altogether. */
const NO_TORRENT: ReadonlySet<string> = new Set(['invalid-bencoding', 'is-no-dict', 'missing-info']);

/**
 * Reads the `.torrent` file at a path, which may lack piece layers: peers give them, or content that is here. Throws a
 * `TorrentError` that names it.
 */
export async function readTorrent(path: string): Promise<Metainfo> {
  return parseTorrentOf(path, await readTorrentFile(path), { mayLackLayers: true });
}

/** Reads the bytes of the `.torrent` file at a path. Throws a `TorrentError` that names it. */
export function parseTorrentOf(
  path: string,
  bytes: Uint8Array,
  options: { readonly mayLackLayers?: boolean } = {},
): Metainfo {
  try {
    return parseTorrent(bytes, TORRENT_LIMITS, options);
  } catch (cause) {
    if (!(cause instanceof TorrentError)) throw cause;
    const what = NO_TORRENT.has(cause.code) ? ' is not a .torrent file' : '';
    throw new TorrentError(cause.code, `${printable(path)}${what}: ${cause.message}`, { cause });
  }
}
