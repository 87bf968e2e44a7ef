import type { PeerAddress } from '../../wire/index.ts';
import { scopeOf } from '../connection/address-scope.ts';

/** How many nodes at different addresses must see us at one address, and how many of their words are remembered. */
const AGREEING = 3;
const REMEMBERED = 16;

/** Our public address as other nodes report it (BEP 42), once some agree. */
export class OutsideView {
  /** What each node said, the latest last. */
  readonly #said = new Map<string, string>();
  #host: string | undefined;

  /** Our address; `undefined` while it is not known. */
  get host(): string | undefined {
    return this.#host;
  }

  /** Notes where a node sees us. `true` when our address is another one now. */
  note(from: PeerAddress, seenAs: PeerAddress): boolean {
    if (scopeOf(seenAs.host) !== 'public' || scopeOf(from.host) !== 'public') return false;
    this.#said.delete(from.host);
    this.#said.set(from.host, seenAs.host);
    const [oldest] = this.#said.keys();
    if (this.#said.size > REMEMBERED && oldest !== undefined) this.#said.delete(oldest);
    const agreeing = [...this.#said.values()].filter((host) => host === seenAs.host).length;
    if (seenAs.host === this.#host || agreeing < AGREEING || agreeing * 2 <= this.#said.size) return false;
    this.#host = seenAs.host;
    return true;
  }
}
