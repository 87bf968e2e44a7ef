import { equalBytes, type InfoHashV2 } from '../../bytes/index.ts';
import { sha256 } from '../../sha256/index.ts';
import { TORRENT_LIMITS } from '../../torrent/index.ts';
import {
  encodeMetadataMessage,
  METADATA_EXTENSION,
  METADATA_PIECE_BYTES,
  type MetadataMessage,
} from '../../wire/index.ts';
import type { Peer } from '../connection/peer.ts';
import { SwarmError } from '../error.ts';
import type { MetadataParts } from './metadata.ts';

/** Every bound of fetching an info dictionary. */
const LIMITS = {
  /** Peers that are asked at once, each for all of it: so many at first, one more each second, never more than last. */
  askedFirst: 3,
  askedLast: 16,
  /** Memory for what they send, in bytes; the first one asked gets its place in any case. */
  heldBytes: 32 * 1024 * 1024,
  /** Pieces of one peer that are asked for ahead. */
  ahead: 16,
  /** Pieces that one peer may send unasked. */
  strays: 64,
  /** How long a peer may send nothing, and how long it may take for all while others wait. */
  silenceMs: 10_000,
  turnMs: 60_000,
  /** How soon a peer that refused or was too slow is asked again, and how often in all. */
  againMs: 2000,
  turns: 5,
} as const;

/** A peer that could be asked. */
interface Candidate {
  readonly notBeforeMs: number;
  /** How often it was asked already. */
  readonly turns: number;
}

/** A peer that is asked. */
interface Asked {
  readonly turns: number;
  readonly bytes: Uint8Array;
  /** Pieces that have not come; those from `nextPiece` on have not been asked for. */
  readonly missing: Set<number>;
  readonly sinceMs: number;
  nextPiece: number;
  lastPieceMs: number;
  strays: number;
}

/**
 * Fetches the info dictionary of a magnet link (BEP 9): from a few peers at once, all of it from each, so that
 * whoever sent another one is known. It counts when the SHA-256 of its bytes as received is the infohash (BEP 52).
 */
export class MetadataFetcher {
  readonly #infoHash: InfoHashV2;
  readonly #parts: MetadataParts;
  readonly #asked = new Map<Peer, Asked>();
  /** In the order they came, or came back. */
  readonly #candidates = new Map<Peer, Candidate>();
  #room: number = LIMITS.askedFirst;

  constructor(infoHash: InfoHashV2, parts: MetadataParts) {
    this.#infoHash = infoHash;
    this.#parts = parts;
  }

  /** A peer told its extensions; it is asked when it has the metadata. */
  join(peer: Peer): void {
    if (this.#asked.has(peer)) return;
    const size = sizeAt(peer);
    if (size > TORRENT_LIMITS.bytes) {
      this.#lied(peer, `claims ${size} bytes of metadata, over ${TORRENT_LIMITS.bytes}`);
    } else if (size === 0) {
      this.#candidates.delete(peer);
    } else if (!this.#candidates.has(peer)) {
      this.#candidates.set(peer, { notBeforeMs: 0, turns: 0 });
      this.#askMore();
    }
  }

  leave(peer: Peer): void {
    this.#candidates.delete(peer);
    if (this.#asked.delete(peer)) this.#askMore();
  }

  /** Takes an answer. A wrong one bans its sender; `peer-broke-protocol` ends a connection that floods. */
  onMessage(peer: Peer, message: MetadataMessage): void {
    const asked = this.#asked.get(peer);
    if (!asked) return;
    if (message.type === 'data') this.#take(peer, asked, message);
    else if (message.type === 'reject') {
      this.#putBack(peer, asked);
      this.#askMore();
      this.#parts.onReject?.(peer);
    }
  }

  /** Called once a second: asks more peers, and others in the place of those that take too long. */
  tick(): void {
    const now = this.#parts.now();
    if (this.#candidates.size > 0) this.#room = Math.min(LIMITS.askedLast, this.#room + 1);
    for (const [peer, asked] of this.#asked) {
      const isSlow = now - asked.sinceMs > LIMITS.turnMs && this.#candidates.size > 0;
      if (isSlow || now - asked.lastPieceMs > LIMITS.silenceMs) this.#putBack(peer, asked);
    }
    this.#askMore();
  }

  #take(peer: Peer, asked: Asked, message: Extract<MetadataMessage, { type: 'data' }>): void {
    const { pieceIndex, piece, totalBytes } = message;
    const size = asked.bytes.length;
    const start = pieceIndex * METADATA_PIECE_BYTES;
    if (totalBytes !== size || start >= size) {
      this.#lied(peer, `sent metadata piece ${pieceIndex} of ${totalBytes} bytes, having told of ${size}`);
      return;
    }
    if (piece.length !== Math.min(METADATA_PIECE_BYTES, size - start)) {
      this.#lied(peer, `sent a metadata piece of ${piece.length} bytes`);
      return;
    }
    if (pieceIndex >= asked.nextPiece || !asked.missing.delete(pieceIndex)) {
      asked.strays += 1;
      if (asked.strays <= LIMITS.strays) return;
      throw new SwarmError('peer-broke-protocol', `${peer.name} sends metadata that nobody asked for`);
    }
    asked.bytes.set(piece, start);
    asked.lastPieceMs = this.#parts.now();
    this.#request(peer, asked);
    if (asked.missing.size > 0) return;
    if (equalBytes(sha256(asked.bytes), this.#infoHash)) this.#parts.onMetadata(asked.bytes);
    else this.#lied(peer, 'sent metadata that does not have the infohash');
  }

  /** Asks the candidates whose time has come, as far as there is room. */
  #askMore(): void {
    const now = this.#parts.now();
    let held = 0;
    for (const { bytes } of this.#asked.values()) held += bytes.length;
    for (const [peer, { notBeforeMs, turns }] of this.#candidates) {
      if (this.#asked.size >= this.#room) return;
      const size = sizeAt(peer);
      if (notBeforeMs > now || (this.#asked.size > 0 && held + size > LIMITS.heldBytes)) continue;
      this.#candidates.delete(peer);
      held += size;
      this.#ask(peer, size, turns);
    }
  }

  #ask(peer: Peer, size: number, turns: number): void {
    const sinceMs = this.#parts.now();
    const asked = {
      turns: turns + 1,
      bytes: new Uint8Array(size),
      missing: new Set(Array(Math.ceil(size / METADATA_PIECE_BYTES)).keys()),
      sinceMs,
      nextPiece: 0,
      lastPieceMs: sinceMs,
      strays: 0,
    };
    this.#asked.set(peer, asked);
    for (let piece = 0; piece < LIMITS.ahead; piece += 1) this.#request(peer, asked);
  }

  #request(peer: Peer, asked: Asked): void {
    const pieceIndex = asked.nextPiece;
    if (pieceIndex * METADATA_PIECE_BYTES >= asked.bytes.length) return;
    asked.nextPiece += 1;
    peer.sendExtended(METADATA_EXTENSION, encodeMetadataMessage({ type: 'request', pieceIndex }));
  }

  /** A peer that does not give it now goes to the end of the line, some times; then it may be asked when it is met again. */
  #putBack(peer: Peer, { turns }: Asked): void {
    this.#asked.delete(peer);
    if (turns >= LIMITS.turns) {
      peer.close(new SwarmError('timed-out', `${peer.name} was asked ${turns} times and gave no metadata`));
      return;
    }
    this.#candidates.set(peer, { notBeforeMs: this.#parts.now() + LIMITS.againMs, turns });
  }

  #lied(peer: Peer, what: string): void {
    this.leave(peer);
    this.#parts.ban(peer, new SwarmError('peer-lied', `${peer.name} ${what}`));
  }
}

/** How long a peer says its info dictionary is; 0 when it gives none. */
function sizeAt({ extension }: Peer): number {
  return extension?.extensions.get(METADATA_EXTENSION) ? (extension.metadataBytes ?? 0) : 0;
}
