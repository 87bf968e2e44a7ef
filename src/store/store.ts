/** Bounds that every store keeps; a caller asks for no more at once and stores nothing larger. */
export const STORE_LIMITS = {
  /** Entries that one {@link Store.readEntries} answers at most. */
  readEntries: 1024,
  /** Bytes of envelopes after which {@link Store.readEntries} ends its answer (the last one may pass it). */
  readBytes: 4 * 1024 * 1024,
  /** Hashes that one {@link Store.readHashes} answers at most: a tile. */
  readHashes: 256,
  /** Bytes of an envelope: what a C2SP tlog-tiles entry can carry beside its 8-byte time. */
  envelopeBytes: 65_535 - 8,
  blobBytes: 1024 * 1024,
  metaNameBytes: 128,
  metaBytes: 64 * 1024,
} as const;

/** What makes two entries the same: who signed, and the SHA-256 of the payload; 64 lower-case hex each. */
export interface StatementKey {
  readonly signerKey: string;
  readonly payloadDigest: string;
}

/** An entry on its way into the store. */
export interface NewEntry extends StatementKey {
  /** Receipt time, milliseconds since 1970. */
  readonly timeMs: number;
  /** The DSSE envelope as received. */
  readonly envelope: Uint8Array;
  /** RFC 6962 leaf hash of time and envelope: 32 bytes. */
  readonly leafHash: Uint8Array;
}

/** The hash of a full tile: hash `index` of `level` in the words of C2SP tlog-tiles, `level` from 1 on. */
export interface TileHash {
  readonly level: number;
  readonly index: number;
  /** 32 bytes. */
  readonly hash: Uint8Array;
}

/** Entries that continue the log, and the hashes of the tiles that they fill. */
export interface EntryBatch {
  /** Index of the first of them: the size of the store before. */
  readonly firstIndex: number;
  readonly entries: readonly NewEntry[];
  readonly tileHashes: readonly TileHash[];
}

export interface StoredEntry {
  readonly index: number;
  readonly timeMs: number;
  readonly envelope: Uint8Array;
}

/** Where a statement stands in the log. */
export interface EntryPlace {
  readonly index: number;
  readonly timeMs: number;
  readonly leafHash: Uint8Array;
}

/** The newest checkpoint of the store's own log, as signed note. */
export interface StoredCheckpoint {
  readonly size: number;
  readonly note: Uint8Array;
}

/** How far the store goes; `timeMs` is 0 while it is empty. */
export interface StoreHead {
  readonly size: number;
  /** Receipt time of the last entry. */
  readonly timeMs: number;
}

/**
 * Where one log's entries, hashes, checkpoint and blobs lie. SQLite and PostgreSQL stand behind it; one suite
 * in `test/store` holds every implementation to this text.
 *
 * Each write is one transaction: when its promise resolves, it survives the loss of power; when it rejects
 * with `conflict`, `too-large`, `bad-blob` or `full`, nothing was written; when it rejects with `failed`, it
 * may or may not have been, and {@link Store.head} tells. Entries and hashes are never changed or removed.
 * Every method can reject with a `StoreError` of code `failed` or `closed`.
 */
export interface Store {
  head(): Promise<StoreHead>;

  /** Adds entries and the hashes that they complete, all or none. `conflict` unless they continue the log. */
  appendEntries(batch: EntryBatch): Promise<void>;

  /**
   * Entries `from` up to and without `to`, in order. The answer may be shorter (see {@link STORE_LIMITS}), but
   * holds at least one entry when there is one in the range.
   */
  readEntries(from: number, to: number): Promise<StoredEntry[]>;

  /** Where each statement stands, in the order of the question; undefined for those that are not there. */
  findEntries(statements: readonly StatementKey[]): Promise<(EntryPlace | undefined)[]>;

  /**
   * Hashes `from` up to and without `to` of a tile level (level 0: the leaf hashes), 32 bytes each, joined.
   * Shorter when the level has no more. At most {@link STORE_LIMITS}.readHashes.
   */
  readHashes(level: number, from: number, to: number): Promise<Uint8Array>;

  getCheckpoint(): Promise<StoredCheckpoint | undefined>;

  /** Replaces the checkpoint; `conflict` when the one before is of a larger tree. */
  putCheckpoint(checkpoint: StoredCheckpoint): Promise<void>;

  /** The bytes whose SHA-256 is `sha256` (64 lower-case hex). */
  getBlob(sha256: string): Promise<Uint8Array | undefined>;

  /** Keeps a blob; one that is there already stays. `bad-blob` when its SHA-256 is another. */
  putBlob(sha256: string, bytes: Uint8Array): Promise<void>;

  /** A small value by name, for what a program must remember about itself. */
  getMeta(name: string): Promise<Uint8Array | undefined>;
  putMeta(name: string, value: Uint8Array): Promise<void>;

  /**
   * Writes all that is durable now into a store of its own at `path`, which must not exist, while this one goes on: a
   * consistent copy of its last moment, durable once this resolves.
   */
  backup(path: string): Promise<void>;

  /** Ends the use of the store; other processes may open it. A second call does nothing. */
  close(): Promise<void>;
}
