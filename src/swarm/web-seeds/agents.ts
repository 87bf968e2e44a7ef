import { Agent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Reach } from '../connection/address-policy.ts';

/** Kept connections: those of one reach are never used for another, since an address is judged when it is dialled. */
export class Agents {
  readonly #agents = new Map<string, Agent>();
  readonly #mostSockets: number;

  constructor(mostSockets: number) {
    this.#mostSockets = mostSockets;
  }

  of(protocol: string, reach: Reach): Agent {
    const key = `${protocol} ${reach}`;
    const options = { keepAlive: true, maxSockets: this.#mostSockets, maxFreeSockets: this.#mostSockets };
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
