import type { PeerAddress } from '../../wire/index.ts';
import { HttpAgents } from '../connection/http-agents.ts';
import { DhtNode } from '../dht/dht-node.ts';
import { SwarmError } from '../error.ts';
import { ANNOUNCE_LIMITS, AnnounceScheduler } from './announce-scheduler.ts';

/** The DHT of an engine. */
export interface DhtOptions {
  /** Nodes to begin with, by address or name. */
  readonly bootstrap: readonly PeerAddress[];
}

/** What the swarms of an engine share to find peers. */
export class DiscoveryHub {
  readonly scheduler: AnnounceScheduler;
  /** Kept connections to trackers, while a host has more to hear. */
  readonly agents = new HttpAgents(ANNOUNCE_LIMITS.atOncePerHost);
  readonly localAddress: string | undefined;
  readonly random: () => number;
  readonly #node: DhtNode | undefined;
  #opening: Promise<void> | undefined;

  constructor(parts: {
    readonly localAddress: string | undefined;
    readonly dht: DhtOptions | undefined;
    readonly now: () => number;
    readonly random: () => number;
  }) {
    this.scheduler = new AnnounceScheduler(parts);
    this.localAddress = parts.localAddress;
    this.random = parts.random;
    this.#node = parts.dht && new DhtNode({ ...parts, bootstrap: parts.dht.bootstrap });
  }

  /** Our UDP port in the DHT; 0 when it is off or not open. */
  get dhtPort(): number {
    return this.#node?.port ?? 0;
  }

  /** Opens the DHT's UDP port, if it is on, beside the TCP port that is listened on. Throws `cannot-listen`. */
  async listen(host: string, port: number): Promise<void> {
    this.#opening ??= this.#open(host, port);
    await this.#opening;
  }

  /** The node of the DHT, open, unless it is off. Without a listening port it has one of its own. */
  async dht(): Promise<DhtNode | undefined> {
    await this.listen(this.localAddress ?? '0.0.0.0', 0);
    return this.#node;
  }

  /** A peer told its UDP port in the DHT. */
  meetNode(address: PeerAddress): void {
    if (this.dhtPort > 0) this.#node?.meet(address);
  }

  /** To be called when all swarms have left. */
  close(): void {
    this.agents.close();
    this.#node?.close();
  }

  async #open(host: string, port: number): Promise<void> {
    try {
      await this.#node?.open(host === '::' ? '0.0.0.0' : host, port);
    } catch (cause) {
      if (cause instanceof SwarmError) throw cause;
      const why = (cause as Error).message;
      throw new SwarmError('cannot-listen', `the DHT cannot use ${host} for UDP over IPv4: ${why}`, {
        cause,
      });
    }
  }
}
