import type { InfoHashV1, InfoHashV2, PiecesRoot } from '../bytes/index.ts';

/** `hybrid`: v1 and v2 in one info dictionary; `v2`: without SHA-1. */
export type Profile = 'hybrid' | 'v2';

/** One file of a torrent; padding is not listed. */
export interface TorrentFile {
  /** Path elements below the torrent's folder; for a single-file torrent the file's name alone. */
  readonly path: readonly string[];
  readonly sizeBytes: number;
  /** Root of the file's tree; an empty file has none. */
  readonly piecesRoot?: PiecesRoot;
  /** BEP 47 `attr: x`. */
  readonly executable: boolean;
}

/** The SHA-1 half of a hybrid (BEP 3). */
export interface V1Pieces {
  /** SHA-1 of each piece, 20 bytes each, over the files with their padding. */
  readonly hashes: Uint8Array;
  /** Whether the last piece is filled up with zeros too. */
  readonly tailPadded: boolean;
}

/** A v2 or hybrid torrent (BEP 52) that passed every check but, perhaps, that of its canonical form. */
export interface Metainfo {
  /** The info dictionary as received: what the infohashes are taken over. */
  readonly infoBytes: Uint8Array;
  /** SHA-256 of `infoBytes`: the vote. */
  readonly infoHashV2: InfoHashV2;
  /** SHA-1 of `infoBytes`, for hybrids. */
  readonly infoHashV1?: InfoHashV1;
  readonly profile: Profile;
  readonly name: string;
  /**
   * A tree of files in a folder called `name`; `false` for one file called `name`. Without a v1 half, a folder
   * whose only file has the folder's name is the same torrent as that file, and taken for it.
   */
  readonly isTree: boolean;
  /** Bytes of a piece: a power of two of at least one block. */
  readonly pieceLength: number;
  /** Bytes of all files, without padding. */
  readonly sizeBytes: number;
  /** In the order of the torrent: that of their raw path bytes. */
  readonly files: readonly TorrentFile[];
  readonly v1Pieces?: V1Pieces;
  /**
   * For each file longer than a piece its piece layer, checked against the pieces root, under the root in hex.
   * Empty when the metainfo came from a magnet link and no layers were added.
   */
  readonly pieceLayers: ReadonlyMap<string, Uint8Array>;
  /** Only its trackers may tell its peers: no DHT (BEP 27). The canonical form is never private. */
  readonly isPrivate: boolean;
  /** All of {@link Metainfo.trackerTiers}, flat. */
  readonly trackers: readonly string[];
  /** `announce-list` (BEP 12): those of a later tier stand in for the earlier ones. Each tracker once, no tier empty. */
  readonly trackerTiers: readonly (readonly string[])[];
  readonly webSeeds: readonly string[];
}
