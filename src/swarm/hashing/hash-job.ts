/** What the hashing thread is asked; all arrays over shared memory are read where they are. */
export type HashJob =
  /** Hash a piece, compare it, and write it to its file when it is right. */
  | {
      readonly kind: 'piece';
      readonly data: Uint8Array;
      /** Levels of the tree between the blocks and the piece's hash. */
      readonly height: number;
      readonly expected: Uint8Array;
      /** For hybrids: the v1 hash of the piece, and how many zeros follow the data (BEP 47 padding). */
      readonly v1?: { readonly expected: Uint8Array; readonly zeros: number };
      /** Whether the block hashes are wanted even of a right piece. */
      readonly wantsLeaves?: boolean;
      /** All block hashes, proven, and the blocks that have not been compared with theirs: only these are hashed. */
      readonly proven?: { readonly leaves: Uint8Array; readonly unchecked: readonly number[] };
      readonly write?: { readonly fd: number; readonly position: number };
    }
  /** Hash some blocks of a piece. */
  | { readonly kind: 'blocks'; readonly data: Uint8Array; readonly blocks: readonly number[] }
  /** Hash the blocks of a range of a file. */
  | { readonly kind: 'leaves'; readonly fd: number; readonly position: number; readonly length: number };

/** What became of a job. */
export type HashOutcome =
  | { readonly kind: 'right'; readonly leaves?: Uint8Array }
  /** The piece has another hash: its block hashes, 32 bytes each. */
  | { readonly kind: 'wrong'; readonly leaves: Uint8Array }
  /** SHA-256 is right, SHA-1 is not: the two halves of the torrent describe different data. */
  | { readonly kind: 'inconsistent' }
  | { readonly kind: 'leaves'; readonly leaves: Uint8Array }
  /** The system refused to read or write. */
  | { readonly kind: 'failed'; readonly errorCode: string; readonly message: string };
