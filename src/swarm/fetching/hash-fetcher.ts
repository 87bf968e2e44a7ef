import { equalBytes, toHex } from '../../bytes/index.ts';
import type { HashRange } from '../../wire/index.ts';
import type { Peer } from '../connection/peer.ts';
import { SwarmError } from '../error.ts';
import type { Layout } from '../layout.ts';
import { foldRange } from './block-tree.ts';
import { type HashRequests, MAXIMUM_HASH_REQUESTS } from './hash-requests.ts';
import type { MissingHashes, PieceHashes } from './piece-hashes.ts';

/** How many peers are asked for the block hashes of a piece before it is given up. */
const MAXIMUM_ASKED = 4;
/** After how long another peer is asked for the same piece hashes, and how many are at once. */
const PATIENCE_MS = 2000;
const MAXIMUM_AT_ONCE = 3;

export interface HashFetcherParts {
  readonly layout: Layout;
  readonly hashes: PieceHashes;
  readonly requests: HashRequests;
  /** Peers that speak v2. */
  readonly peers: () => Iterable<Peer>;
  readonly hasPiece: (peer: Peer, pieceIndex: number) => boolean;
  readonly ban: (peer: Peer, reason: SwarmError) => void;
  readonly now: () => number;
  /** More piece hashes are known. */
  readonly onHashes: () => void;
}

/** Who was asked for a range and has not answered. */
interface Asked {
  readonly peers: Set<Peer>;
  lastMs: number;
}

/** Gets from peers what pieces are checked against (BEP 52), and proves each answer before it is used. */
export class HashFetcher {
  readonly #parts: HashFetcherParts;
  /** Ranges under way, and who refused which; ranges by root and index. */
  readonly #underWay = new Map<string, Asked>();
  readonly #refused = new WeakMap<Peer, Set<string>>();

  constructor(parts: HashFetcherParts) {
    this.#parts = parts;
  }

  /**
   * Asks for every piece hash that is missing, and another peer where one is silent; to be called when peers come or
   * answer, and once a second.
   */
  askForLayers(): void {
    const now = this.#parts.now();
    for (const missing of this.#parts.hashes.missing()) {
      const key = keyOf(missing.range);
      const asked = this.#underWay.get(key) ?? { peers: new Set(), lastMs: -Infinity };
      if (asked.peers.size >= MAXIMUM_AT_ONCE || now - asked.lastMs < PATIENCE_MS) continue;
      const peer = this.#choose(key, asked.peers);
      if (!peer) continue;
      asked.peers.add(peer);
      asked.lastMs = now;
      this.#underWay.set(key, asked);
      void this.#fetch(peer, missing, asked);
    }
  }

  /** The right hashes of a piece's blocks from some peer that has it; `undefined` when nobody gives them. */
  async blockHashesOf(pieceIndex: number): Promise<Uint8Array | undefined> {
    const { layout, hashes, hasPiece } = this.#parts;
    const file = layout.fileOf(pieceIndex);
    const height = layout.pieceHeight(file);
    const length = 2 ** height;
    const range = {
      piecesRoot: file.piecesRoot as Uint8Array,
      baseLayer: 0,
      index: (pieceIndex - file.firstPiece) * length,
      length,
      proofLayers: 0,
    };
    const blocks = Math.ceil(layout.place(pieceIndex).length / (layout.pieceLength / layout.blocksPerPiece));
    const peers = [...this.#parts.peers()].filter((peer) => hasPiece(peer, pieceIndex));
    const proven = async (peer: Peer): Promise<Uint8Array> => {
      const answer = await this.#answerOf(peer, range);
      const folded = answer && foldRange(range, answer, blocks);
      if (folded && equalBytes(folded.ancestor, hashes.of(pieceIndex) as Uint8Array)) return folded.hashes;
      if (answer) this.#banForHashes(peer);
      throw new SwarmError('peer-refused', `${peer.name} gives no hashes of piece ${pieceIndex}`);
    };
    return firstOf(peers.slice(0, MAXIMUM_ASKED).map((peer) => () => proven(peer)));
  }

  async #fetch(peer: Peer, missing: MissingHashes, asked: Asked): Promise<void> {
    const answer = await this.#answerOf(peer, missing.range);
    const key = keyOf(missing.range);
    asked.peers.delete(peer);
    if (asked.peers.size === 0) this.#underWay.delete(key);
    if (!answer) {
      const refused = this.#refused.get(peer) ?? new Set();
      refused.add(key);
      this.#refused.set(peer, refused);
    } else if (this.#parts.hashes.accept(missing, answer)) {
      this.#parts.onHashes();
    } else {
      this.#banForHashes(peer);
    }
    this.askForLayers();
  }

  /** A peer's answer, unchecked; `undefined` when it has none to give. */
  async #answerOf(peer: Peer, range: HashRange): Promise<Uint8Array | undefined> {
    try {
      return await this.#parts.requests.ask(peer, range);
    } catch (error) {
      if (error instanceof SwarmError) return undefined; // refused, too late or gone: somebody else may have them
      throw error;
    }
  }

  #choose(key: string, asked: ReadonlySet<Peer>): Peer | undefined {
    let best: Peer | undefined;
    let least = MAXIMUM_HASH_REQUESTS;
    for (const peer of this.#parts.peers()) {
      const load = this.#parts.requests.underWay(peer);
      if (load < least && !asked.has(peer) && !this.#refused.get(peer)?.has(key)) {
        best = peer;
        least = load;
      }
    }
    return best;
  }

  #banForHashes(peer: Peer): void {
    this.#parts.ban(peer, new SwarmError('peer-lied', `${peer.name} sent hashes that are not the torrent's`));
  }
}

/**
 * The first value that one of these gives; the next one begins when the one before fails, or is silent for long.
 * `undefined` when none gives any in the time of all.
 */
function firstOf<Value>(attempts: readonly (() => Promise<Value>)[]): Promise<Value | undefined> {
  return new Promise((resolve) => {
    let begun = 0;
    let failed = 0;
    const end = (value: Value | undefined): void => {
      clearInterval(next);
      clearTimeout(last);
      resolve(value);
    };
    const begin = (): void => {
      const attempt = attempts[begun];
      if (!attempt) return;
      begun += 1;
      attempt().then(end, () => {
        failed += 1;
        if (failed === attempts.length) end(undefined);
        else if (failed === begun) begin();
      });
    };
    const next = setInterval(begin, PATIENCE_MS);
    const last = setTimeout(() => end(undefined), MAXIMUM_ASKED * PATIENCE_MS);
    if (attempts.length === 0) end(undefined);
    else begin();
  });
}

function keyOf(range: HashRange): string {
  return `${toHex(range.piecesRoot)} ${range.index}`;
}
