import { TORRENT_LIMITS as BENCODE_LIMITS, type BencodeLimits } from '../bencode/index.ts';

/** Every bound on metainfo in one place; all are checked before what they bound is used. */
export interface TorrentLimits extends BencodeLimits {
  /** Most pieces in all files together. */
  readonly pieces: number;
  /** Largest piece, in bytes; the smallest is one block. */
  readonly pieceBytes: number;
  /** Most blocks of one file, so that its tree stays countable. */
  readonly fileBlocks: number;
  /** Most path elements of a file. */
  readonly directoryDepth: number;
  /** Longest path element, in bytes of UTF-8: the bound of every usual file system. */
  readonly nameBytes: number;
  /** Most trackers and, apart from them, most web seeds that are kept. */
  readonly urls: number;
}

/** libtorrent's `load_torrent_limits`, and the bounds of its file storage. */
export const TORRENT_LIMITS: TorrentLimits = {
  ...BENCODE_LIMITS,
  pieces: 2_097_152,
  pieceBytes: 128 * 1024 * 1024,
  fileBlocks: 2 ** 30 - 2,
  directoryDepth: 100,
  nameBytes: 255,
  urls: 100,
};
