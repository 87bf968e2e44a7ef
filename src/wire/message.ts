/** A block's place: piece, first byte inside the piece, and length, in bytes (BEP 3). */
export interface BlockSpan {
  readonly pieceIndex: number;
  readonly begin: number;
  readonly length: number;
}

/**
 * A range of one layer of a file's Merkle tree, with the uncles that prove it (BEP 52, "hash request").
 * Layers count from the leaves up; `proofLayers` counts layers above `baseLayer`, of which those that follow
 * from the range itself are left out of the answer.
 */
export interface HashRange {
  /** Root of the file's tree: 32 bytes. */
  readonly piecesRoot: Uint8Array;
  readonly baseLayer: number;
  /** First hash of the range in its layer; a multiple of `length`. */
  readonly index: number;
  /** Number of hashes; a power of two, at least 2. */
  readonly length: number;
  readonly proofLayers: number;
}

/** Every message of a peer but `piece`, whose payload goes to a {@link BlockSink} without a copy between. */
export type PeerMessage =
  | { readonly type: 'keep-alive' | 'choke' | 'unchoke' | 'interested' | 'not-interested' }
  | { readonly type: 'have-all' | 'have-none' }
  | { readonly type: 'have' | 'suggest' | 'allowed-fast'; readonly pieceIndex: number }
  | { readonly type: 'bitfield'; readonly bits: Uint8Array }
  | ({ readonly type: 'request' | 'cancel' | 'reject' } & BlockSpan)
  | { readonly type: 'port'; readonly port: number }
  | { readonly type: 'extended'; readonly extensionId: number; readonly payload: Uint8Array }
  | ({ readonly type: 'hash-request' } & HashRange)
  | ({ readonly type: 'hash-reject' } & HashRange)
  | ({ readonly type: 'hashes'; readonly hashes: Uint8Array } & HashRange)
  /** A message this codec has no name for; BEP 3 says to pass over it. */
  | { readonly type: 'unknown'; readonly id: number };

/** The ids of messages on the wire (BEP 3, 6, 10, 52). */
export const MESSAGE_ID = {
  choke: 0,
  unchoke: 1,
  interested: 2,
  'not-interested': 3,
  have: 4,
  bitfield: 5,
  request: 6,
  piece: 7,
  cancel: 8,
  port: 9,
  suggest: 13,
  'have-all': 14,
  'have-none': 15,
  reject: 16,
  'allowed-fast': 17,
  extended: 20,
  'hash-request': 21,
  hashes: 22,
  'hash-reject': 23,
} as const;
