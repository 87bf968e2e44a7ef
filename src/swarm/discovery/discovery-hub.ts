import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Reach } from '../connection/address-policy.ts';
import { AnnounceScheduler } from './announce-scheduler.ts';

/** Kept connections that wait for a next request, to one host, and how long they wait. */
const FREE_SOCKETS = 8;
const FREE_MS = 5000;

/** Kept connections to trackers; those of different reach stay apart, since a connection is judged when it is made. */
class TrackerAgents {
  readonly #agents = new Map<string, HttpAgent>();

  of(protocol: string, reach: Reach): HttpAgent {
    const key = `${protocol} ${reach}`;
    let agent = this.#agents.get(key);
    if (!agent) {
      const options = { keepAlive: true, maxFreeSockets: FREE_SOCKETS, timeout: FREE_MS };
      agent = protocol === 'https:' ? new HttpsAgent(options) : new HttpAgent(options);
      this.#agents.set(key, agent);
    }
    return agent;
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
  }
}

/** What the swarms of an engine share to find peers. */
export class DiscoveryHub {
  readonly scheduler: AnnounceScheduler;
  readonly agents = new TrackerAgents();
  readonly localAddress: string | undefined;
  readonly random: () => number;

  constructor(parts: {
    readonly localAddress: string | undefined;
    readonly now: () => number;
    readonly random: () => number;
  }) {
    this.scheduler = new AnnounceScheduler(parts);
    this.localAddress = parts.localAddress;
    this.random = parts.random;
  }

  /** To be called when all swarms have left. */
  close(): void {
    this.agents.close();
  }
}
