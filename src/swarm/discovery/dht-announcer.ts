import type { PeerAddress, SwarmHash } from '../../wire/index.ts';
import { BUCKET_NODES } from '../dht/routing-table.ts';
import type { SwarmError } from '../error.ts';
import type { AnnounceJob } from './announce-scheduler.ts';
import type { DiscoveryHub } from './discovery-hub.ts';

/** What nodes keep goes after half an hour; while few took it, or a download found nobody, it is tried sooner. */
const INTERVAL_MS = 15 * 60_000;
const FIRST_RETRY_MS = 2000;

/** The swarm that is found by the DHT. */
export interface DhtAnnouncerOwner {
  readonly hub: DiscoveryHub;
  onTrouble(error: SwarmError): void;
  onPeers(peers: readonly PeerAddress[], identity: 'v1' | 'v2'): void;
  /** The port that we are announced with; `undefined` while we take no connections. */
  announcedPort(): number | undefined;
}

/** Keeps one name of a swarm known to the DHT, and looks for its peers there. */
export class DhtAnnouncer implements AnnounceJob {
  readonly host = 'the DHT';
  readonly #owner: DhtAnnouncerOwner;
  readonly #infoHash: SwarmHash;
  readonly #identity: 'v1' | 'v2';
  readonly #stopped = new AbortController();
  #retries = 0;

  constructor(owner: DhtAnnouncerOwner, infoHash: SwarmHash, identity: 'v1' | 'v2') {
    this.#owner = owner;
    this.#infoHash = infoHash;
    this.#identity = identity;
  }

  async run(): Promise<number | undefined> {
    const { signal } = this.#stopped;
    const node = await this.#owner.hub.dht().catch((error: SwarmError) => this.#owner.onTrouble(error));
    if (!node || signal.aborted) return undefined;
    const announcePort = this.#owner.announcedPort();
    let found = 0;
    const taken = await node.find(this.#infoHash, {
      announcePort,
      signal,
      onPeers: (peers) => {
        found += peers.length;
        this.#owner.onPeers(peers, this.#identity);
      },
    });
    if (signal.aborted) return undefined;
    if (announcePort === undefined ? found > 0 : taken >= BUCKET_NODES) return INTERVAL_MS;
    this.#retries += 1;
    return Math.min(INTERVAL_MS, FIRST_RETRY_MS * 2 ** (this.#retries - 1));
  }

  /** Ends at once. What nodes keep is forgotten by them. */
  stop(): void {
    this.#stopped.abort();
    void this.#owner.hub.scheduler.remove(this);
  }
}
