import { encodeMetadataMessage, METADATA_EXTENSION, METADATA_PIECE_BYTES } from '../../wire/index.ts';
import type { Peer } from '../connection/peer.ts';
import { SwarmError } from '../error.ts';

/** How often one peer is given the whole info dictionary; further requests are rejected. */
const COPIES = 3;
/** How many rejected requests a peer may make before it is cut off. */
const MOST_REJECTS = 1000;

/** Gives the pieces of our info dictionary to peers that ask (BEP 9): to each a few times, and not without end. */
export class MetadataServer {
  #infoBytes: Uint8Array | undefined;
  readonly #counts = new Map<Peer, { given: number; rejected: number }>();

  know(infoBytes: Uint8Array): void {
    this.#infoBytes = infoBytes;
  }

  get sizeBytes(): number | undefined {
    return this.#infoBytes?.length;
  }

  /** Sends the piece, or a reject. Throws `peer-broke-protocol` when the peer asks without end. */
  answer(peer: Peer, pieceIndex: number): void {
    const counts = this.#counts.get(peer) ?? { given: 0, rejected: 0 };
    this.#counts.set(peer, counts);
    const infoBytes = this.#infoBytes ?? new Uint8Array(0);
    const start = pieceIndex * METADATA_PIECE_BYTES;
    if (
      start < infoBytes.length &&
      counts.given < COPIES * Math.ceil(infoBytes.length / METADATA_PIECE_BYTES)
    ) {
      counts.given += 1;
      const piece = infoBytes.subarray(start, start + METADATA_PIECE_BYTES);
      const message = { type: 'data', pieceIndex, totalBytes: infoBytes.length, piece } as const;
      peer.sendExtended(METADATA_EXTENSION, encodeMetadataMessage(message));
      return;
    }
    counts.rejected += 1;
    if (counts.rejected > MOST_REJECTS) {
      throw new SwarmError('peer-broke-protocol', `${peer.name} asks for metadata without end`);
    }
    peer.sendExtended(METADATA_EXTENSION, encodeMetadataMessage({ type: 'reject', pieceIndex }));
  }

  leave(peer: Peer): void {
    this.#counts.delete(peer);
  }
}
