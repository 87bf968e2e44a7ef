import type { PeerAddress } from '../../wire/index.ts';
import { resolveHost } from '../connection/resolve.ts';
import { BUCKET_NODES } from './routing-table.ts';

/** After a beginning in vain the next one waits so long. */
const BEGIN_AGAIN_MS = 5000;

export interface BeginningParts {
  /** Nodes to begin with: addresses or names, and ports. */
  readonly bootstrap: readonly PeerAddress[];
  readonly now: () => number;
  readonly knownNodes: () => number;
  /** Aborts when the node closes. */
  readonly closing: AbortSignal;
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

  /**
   * Looks for nodes where that is needed; whoever comes meanwhile waits for the same search, but no longer than a signal
   * lets it. Never rejects.
   */
  async begin(signal: AbortSignal): Promise<void> {
    const { now, bootstrap, knownNodes } = this.#parts;
    const isNeeded = knownNodes() < BUCKET_NODES && bootstrap.length > 0;
    if (!this.#running && isNeeded && now() - this.#begunMs >= BEGIN_AGAIN_MS) {
      this.#begunMs = now();
      this.#running = this.#search().finally(() => {
        this.#running = undefined;
      });
    }
    if (this.#running) await orAbort(this.#running, signal);
  }

  async #search(): Promise<void> {
    const { bootstrap, closing, search } = this.#parts;
    const begin = await Promise.all(bootstrap.map((node) => addressesOf(node, closing)));
    await search(begin.flat());
  }
}

/** The IPv4 addresses of a node that the user named; none when it has none, or the signal aborts. Never rejects. */
async function addressesOf(node: PeerAddress, signal: AbortSignal): Promise<PeerAddress[]> {
  const found = await resolveHost(node, { reach: 'named', signal }).catch(() => []);
  return found
    .filter(({ family }) => family === 4)
    .map(({ address }) => ({ host: address, port: node.port }));
}

/** Waits for something, but no longer than until the signal aborts. */
async function orAbort(wanted: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const leave = (): void => resolve();
  signal.addEventListener('abort', leave, { once: true });
  await Promise.race([wanted, promise]);
  signal.removeEventListener('abort', leave);
}
