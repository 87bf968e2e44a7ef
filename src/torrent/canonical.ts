import { equalBytes } from '../bytes/index.ts';
import { TorrentError } from './error.ts';
import { encodeInfo } from './info.ts';
import type { Metainfo } from './metainfo.ts';
import { automaticPieceLength } from './piece-length.ts';

/**
 * Checks that a torrent is in the one form that may be a vote: the form that `createTorrent` gives to its
 * files. Any other torrent can be downloaded, but equal files would get unequal infohashes. Throws
 * `not-canonical`.
 */
export function assertCanonical(metainfo: Metainfo): void {
  const expected = automaticPieceLength(metainfo.sizeBytes);
  if (metainfo.pieceLength !== expected) {
    throw refused(`pieces of ${metainfo.pieceLength} bytes, not ${expected}`);
  }
  const { v1Pieces } = metainfo;
  const info = encodeInfo({ ...metainfo, ...(v1Pieces && { v1Hashes: v1Pieces.hashes }) });
  if (!equalBytes(info, metainfo.infoBytes)) {
    throw refused('other keys, another order, padding or attributes than the canonical form has');
  }
}

function refused(reason: string): TorrentError {
  return new TorrentError('not-canonical', `the torrent can be no vote: its info dictionary has ${reason}`);
}
