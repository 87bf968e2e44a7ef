import { equalBytes, type InfoHashV2 } from '../../bytes/index.ts';
import { sha256, TORRENT_LIMITS } from '../../torrent/index.ts';
import {
  encodeMetadataMessage,
  METADATA_EXTENSION,
  METADATA_PIECE_BYTES,
  type MetadataMessage,
} from '../../wire/index.ts';
import type { Peer } from '../connection/peer.ts';
import { SwarmError } from '../error.ts';

/** How many peers are asked at once, each for all of it, and how many of its pieces are asked for ahead. */
const MAXIMUM_ASKED = 3;
const AHEAD = 16;
/** How long a peer may take for all of it. */
const PATIENCE_MS = 20_000;

/** Sends the piece of our info dictionary that a peer asks for (BEP 9). */
export function answerMetadataRequest(
  peer: Peer,
  pieceIndex: number,
  infoBytes: Uint8Array | undefined,
): void {
  const start = pieceIndex * METADATA_PIECE_BYTES;
  const message: MetadataMessage =
    infoBytes !== undefined && start < infoBytes.length
      ? {
          type: 'data',
          pieceIndex,
          totalBytes: infoBytes.length,
          piece: infoBytes.subarray(start, start + METADATA_PIECE_BYTES),
        }
      : { type: 'reject', pieceIndex };
  peer.sendExtended(METADATA_EXTENSION, encodeMetadataMessage(message));
}

interface Asked {
  readonly bytes: Uint8Array;
  readonly missing: Set<number>;
  readonly sinceMs: number;
  nextPiece: number;
}

/**
 * Fetches the info dictionary of a magnet link (BEP 9): from up to three peers at once, all of it from each, so that
 * whoever sent another one is known. It counts when the SHA-256 of its bytes as received is the infohash (BEP 52).
 */
export class MetadataFetcher {
  readonly #infoHash: InfoHashV2;
  readonly #now: () => number;
  readonly #onMetadata: (infoBytes: Uint8Array) => void;
  readonly #ban: (peer: Peer, reason: SwarmError) => void;
  readonly #asked = new Map<Peer, Asked>();
  /** Peers that could be asked, in the order they came. */
  readonly #candidates = new Set<Peer>();

  constructor(
    infoHash: InfoHashV2,
    parts: {
      readonly now: () => number;
      readonly onMetadata: (infoBytes: Uint8Array) => void;
      readonly ban: (peer: Peer, reason: SwarmError) => void;
    },
  ) {
    this.#infoHash = infoHash;
    this.#now = parts.now;
    this.#onMetadata = parts.onMetadata;
    this.#ban = parts.ban;
  }

  /** A peer told its extensions; it is asked when it has the metadata. */
  join(peer: Peer): void {
    const size = peer.extension?.metadataBytes ?? 0;
    if (!peer.extension?.extensions.get(METADATA_EXTENSION) || size === 0 || this.#asked.has(peer)) return;
    if (size > TORRENT_LIMITS.bytes) {
      this.#ban(
        peer,
        new SwarmError(
          'peer-lied',
          `${peer.name} claims ${size} bytes of metadata, over ${TORRENT_LIMITS.bytes}`,
        ),
      );
      return;
    }
    this.#candidates.add(peer);
    this.#askMore();
  }

  leave(peer: Peer): void {
    this.#candidates.delete(peer);
    if (this.#asked.delete(peer)) this.#askMore();
  }

  onMessage(peer: Peer, message: MetadataMessage): void {
    const asked = this.#asked.get(peer);
    if (!asked) return;
    if (message.type !== 'data') {
      if (message.type === 'reject') this.leave(peer);
      return;
    }
    const { pieceIndex, piece } = message;
    if (!asked.missing.has(pieceIndex)) return;
    const start = pieceIndex * METADATA_PIECE_BYTES;
    if (piece.length !== Math.min(METADATA_PIECE_BYTES, asked.bytes.length - start)) {
      this.#lied(peer, `a metadata piece of ${piece.length} bytes`);
      return;
    }
    asked.bytes.set(piece, start);
    asked.missing.delete(pieceIndex);
    this.#request(peer, asked);
    if (asked.missing.size > 0) return;
    if (equalBytes(sha256(asked.bytes), this.#infoHash)) this.#onMetadata(asked.bytes);
    else this.#lied(peer, 'metadata that does not have the infohash');
  }

  /** Called once a second: gives up on peers that take too long. */
  tick(): void {
    for (const [peer, { sinceMs }] of this.#asked) {
      if (this.#now() - sinceMs > PATIENCE_MS) this.leave(peer);
    }
  }

  #askMore(): void {
    for (const peer of this.#candidates) {
      if (this.#asked.size >= MAXIMUM_ASKED) return;
      this.#candidates.delete(peer);
      const bytes = new Uint8Array(peer.extension?.metadataBytes ?? 0);
      const pieces = Math.ceil(bytes.length / METADATA_PIECE_BYTES);
      const asked = { bytes, missing: new Set(Array(pieces).keys()), sinceMs: this.#now(), nextPiece: 0 };
      this.#asked.set(peer, asked);
      for (let piece = 0; piece < AHEAD; piece += 1) this.#request(peer, asked);
    }
  }

  #request(peer: Peer, asked: Asked): void {
    const pieceIndex = asked.nextPiece;
    if (pieceIndex * METADATA_PIECE_BYTES >= asked.bytes.length) return;
    asked.nextPiece += 1;
    peer.sendExtended(METADATA_EXTENSION, encodeMetadataMessage({ type: 'request', pieceIndex }));
  }

  #lied(peer: Peer, what: string): void {
    this.leave(peer);
    this.#ban(peer, new SwarmError('peer-lied', `${peer.name} sent ${what}`));
  }
}
