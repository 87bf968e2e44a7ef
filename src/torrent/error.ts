import { CodedError } from '../bytes/index.ts';

/**
 * Why a torrent, a magnet link or a tree of files is refused. Where libtorrent has a name for the same fault
 * (`error_code.hpp`, `torrent_…`), the code is that name.
 */
export type TorrentErrorCode =
  // The bytes of a torrent.
  | 'invalid-bencoding'
  | 'depth-exceeded'
  | 'metadata-too-large'
  | 'is-no-dict'
  | 'missing-info'
  | 'unknown-version'
  | 'v1-only'
  | 'missing-piece-length'
  | 'missing-name'
  | 'missing-file-tree'
  | 'file-parse-failed'
  | 'directory-too-deep'
  | 'invalid-length'
  | 'invalid-pad-file'
  | 'missing-pieces-root'
  | 'no-files'
  | 'too-many-pieces'
  | 'inconsistent-files'
  | 'missing-pieces'
  | 'invalid-hashes'
  | 'missing-piece-layer'
  | 'invalid-piece-layer'
  | 'unsafe-path'
  | 'symlink'
  | 'not-canonical'
  // Magnet links.
  | 'bad-magnet'
  | 'bad-info-hash'
  // Trees of files on disk.
  | 'no-such-path'
  | 'unreadable'
  | 'unwritable'
  | 'special-file'
  | 'changed-while-hashing'
  | 'bad-option'
  | 'mismatch';

/** A refused torrent, magnet link or tree of files. The message names the file or field, and the limit. */
export class TorrentError extends CodedError<TorrentErrorCode> {}
