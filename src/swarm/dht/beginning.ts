import type { PeerAddress } from '../../wire/index.ts';
import { lookupWithin } from '../connection/address-policy.ts';
import { BUCKET_NODES } from './routing-table.ts';

/** After a beginning in vain the next one waits so long. */
const BEGIN_AGAIN_MS = 5000;

export interface BeginningParts {
  /** Nodes to begin with: addresses or names, and ports. */
  readonly bootstrap: readonly PeerAddress[];
  readonly now: () => number;
  readonly knownNodes: () => number;
  /** Searches the nodes around our own place, from these on. */
  readonly search: (begin: readonly PeerAddress[]) => Promise<unknown>;
}

/** How a node gets to know others: from those that its user named, as long as it knows too few. */
export class Beginning {
  readonly #parts: BeginningParts;
  #running: Promise<void> | undefined;
  #begunMs = Number.NEGATIVE_INFINITY;

  constructor(parts: BeginningParts) {
    this.#parts = parts;
  }

  /** Looks for nodes where that is needed; whoever comes meanwhile waits for the same search. */
  async begin(): Promise<void> {
    if (this.#running) {
      await this.#running;
      return;
    }
    const { now, bootstrap, knownNodes } = this.#parts;
    const isEnough = knownNodes() >= BUCKET_NODES;
    if (isEnough || bootstrap.length === 0 || now() - this.#begunMs < BEGIN_AGAIN_MS) return;
    this.#begunMs = now();
    this.#running = this.#search();
    await this.#running;
    this.#running = undefined;
  }

  async #search(): Promise<void> {
    const begin = await Promise.all(this.#parts.bootstrap.map(resolve));
    await this.#parts.search(begin.flat());
  }
}

/** The IPv4 addresses of a node that the user named; none when it has none. */
function resolve({ host, port }: PeerAddress): Promise<PeerAddress[]> {
  return new Promise((done) => {
    lookupWithin('named')(host, { all: true, family: 4 }, (error, found) => {
      const addresses = error ? [] : (found as readonly { address: string; family: number }[]);
      done(addresses.filter(({ family }) => family === 4).map(({ address }) => ({ host: address, port })));
    });
  });
}
