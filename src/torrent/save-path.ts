import type { Metainfo, TorrentFile } from './metainfo.ts';

/**
 * Path elements of a file below the folder that a torrent is saved to: the torrent's own folder first, when it
 * is a tree. Each element passed the checks on names, so joining them stays below that folder.
 */
export function savePath(metainfo: Pick<Metainfo, 'name' | 'isTree'>, file: TorrentFile): readonly string[] {
  return metainfo.isTree ? [metainfo.name, ...file.path] : file.path;
}
