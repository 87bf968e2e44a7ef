import type { HashRange } from '../../wire/index.ts';
import type { Peer } from '../connection/peer.ts';
import { SwarmError } from '../error.ts';
import { HashServer, type HashSource } from './hash-server.ts';

/** Hash requests of a peer that wait for their answer; more are rejected. */
const HASH_QUEUE = 32;

export interface HashDeskParts extends HashSource {
  /** Content cannot be read. */
  readonly onFailure: (error: SwarmError) => void;
}

/** Takes the hash requests of peers (BEP 52), a few at a time from each, and answers every one. */
export class HashDesk {
  readonly #server: HashServer;
  readonly #onFailure: HashDeskParts['onFailure'];

  constructor(parts: HashDeskParts) {
    this.#server = new HashServer(parts);
    this.#onFailure = parts.onFailure;
  }

  /** Answers with the hashes, or with a reject. `asker` holds how many requests of the peer wait. */
  async answer(peer: Peer, asker: { hashQueue: number }, range: HashRange): Promise<void> {
    if (asker.hashQueue >= HASH_QUEUE) {
      peer.send({ ...range, type: 'hash-reject' });
      return;
    }
    asker.hashQueue += 1;
    try {
      const hashes = await this.#server.answer(range);
      if (hashes) peer.send({ ...range, type: 'hashes', hashes });
      else peer.send({ ...range, type: 'hash-reject' });
    } catch (cause) {
      peer.send({ ...range, type: 'hash-reject' });
      if (cause instanceof SwarmError && cause.code === 'closed') return;
      this.#onFailure(
        cause instanceof SwarmError
          ? cause
          : new SwarmError('disk', `a piece cannot be read: ${(cause as Error).message}`, { cause }),
      );
    } finally {
      asker.hashQueue -= 1;
    }
  }
}
