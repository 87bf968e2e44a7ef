import { type HashRange, isSameRange, type PeerMessage } from '../../wire/index.ts';
import type { Peer } from '../connection/peer.ts';
import { SwarmError } from '../error.ts';

interface Pending {
  readonly range: HashRange;
  readonly resolve: (answer: Uint8Array) => void;
  readonly reject: (error: SwarmError) => void;
  readonly timer: NodeJS.Timeout;
}

const TIMEOUT_MS = 15_000;
/** Most hash requests under way at one peer. */
export const MAXIMUM_HASH_REQUESTS = 8;
/** Most answers of one peer that nobody waits for: those that come too late, and no flood. */
const UNASKED_LIMIT = 256;

/** Hash requests to peers and their answers (BEP 52, messages 21 to 23). */
export class HashRequests {
  readonly #pending = new Map<Peer, Pending[]>();
  readonly #unasked = new WeakMap<Peer, number>();

  /** How many requests to a peer are under way. */
  underWay(peer: Peer): number {
    return this.#pending.get(peer)?.length ?? 0;
  }

  /**
   * Asks a peer for hashes: what comes back is unchecked. Rejects with `peer-refused`, with `timed-out`, or with
   * the reason for which the connection ended.
   */
  ask(peer: Peer, range: HashRange): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#settle(peer, range)?.reject(
          new SwarmError('timed-out', `${peer.name} did not answer a hash request`),
        );
      }, TIMEOUT_MS);
      const pending = this.#pending.get(peer) ?? [];
      pending.push({ range, resolve, reject, timer });
      this.#pending.set(peer, pending);
      peer.send({ type: 'hash-request', ...range });
    });
  }

  /**
   * Takes an answer; one that nobody asked for is passed over. Throws `peer-broke-protocol` when there are too many of
   * those.
   */
  onMessage(peer: Peer, message: Extract<PeerMessage, { type: 'hashes' | 'hash-reject' }>): void {
    const pending = this.#settle(peer, message);
    if (!pending) this.#countUnasked(peer);
    else if (message.type === 'hashes') pending.resolve(message.hashes);
    else
      pending.reject(new SwarmError('peer-refused', `${peer.name} has not the hashes that were asked for`));
  }

  /** Ends what a peer still owes. */
  onClose(peer: Peer, reason: SwarmError): void {
    for (const { timer, reject } of this.#pending.get(peer) ?? []) {
      clearTimeout(timer);
      reject(reason);
    }
    this.#pending.delete(peer);
  }

  #countUnasked(peer: Peer): void {
    const count = (this.#unasked.get(peer) ?? 0) + 1;
    this.#unasked.set(peer, count);
    if (count <= UNASKED_LIMIT) return;
    throw new SwarmError('peer-broke-protocol', `${peer.name} sends hashes that nobody asked for`);
  }

  #settle(peer: Peer, range: HashRange): Pending | undefined {
    const pending = this.#pending.get(peer);
    const at = pending?.findIndex((each) => isSameRange(each.range, range)) ?? -1;
    if (pending === undefined || at < 0) return undefined;
    const [found] = pending.splice(at, 1);
    if (pending.length === 0) this.#pending.delete(peer);
    clearTimeout(found?.timer);
    return found;
  }
}
