import { Agent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Reach } from './address-policy.ts';

/** How long a connection waits for a next request. */
const FREE_MS = 5000;

/** Kept connections: those of one reach are never used for another, since an address is judged when it is dialled. */
export class HttpAgents {
  readonly #agents = new Map<string, Agent>();
  readonly #mostSockets: number;

  /** `mostSockets`: to one host. */
  constructor(mostSockets: number) {
    this.#mostSockets = mostSockets;
  }

  of(protocol: string, reach: Reach): Agent {
    const key = `${protocol} ${reach}`;
    const most = this.#mostSockets;
    const options = { keepAlive: true, maxSockets: most, maxFreeSockets: most, timeout: FREE_MS };
    const agent =
      this.#agents.get(key) ?? (protocol === 'https:' ? new HttpsAgent(options) : new Agent(options));
    this.#agents.set(key, agent);
    return agent;
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }
}
