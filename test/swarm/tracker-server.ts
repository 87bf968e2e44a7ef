import { once } from 'node:events';
import { createServer } from 'node:http';
import type { TestContext } from 'node:test';
import { toHex } from '../../src/bytes/index.ts';
import {
  type AnnounceRequest,
  encodeAnnounceResponse,
  encodeTrackerFailure,
  type PeerAddress,
  parseAnnounceQuery,
} from '../../src/wire/index.ts';
import { Sightings } from '../support/sightings.ts';

const PATIENCE_MS = 10_000;

export interface Seen extends AnnounceRequest {
  /** Where it came from. */
  readonly host: string;
  readonly infoHashHex: string;
}

export interface TestTracker {
  readonly url: string;
  readonly seen: readonly Seen[];
  /** Resolves when an announce has come for which `wanted` holds. */
  when(wanted: (announce: Seen) => boolean): Promise<Seen>;
}

/** A small tracker: everybody hears of all others in the same swarm. */
export async function startTracker(
  context: Pick<TestContext, 'after'>,
  options: {
    readonly failFirst?: number;
    readonly intervalSeconds?: number;
    readonly host?: string;
    readonly port?: number;
  } = {},
): Promise<TestTracker> {
  const announces = new Sightings<Seen>();
  const swarms = new Map<string, Map<string, PeerAddress>>();
  let left = options.failFirst ?? 0;
  const server = createServer((request, response) => {
    const query = (request.url ?? '').split('?')[1] ?? '';
    const announce = parseAnnounceQuery(query);
    const host = request.socket.remoteAddress ?? '';
    const infoHashHex = toHex(announce.infoHash);
    if (left > 0) {
      left -= 1;
      response.end(encodeTrackerFailure('not now'));
      return;
    }
    const swarm = swarms.get(infoHashHex) ?? new Map<string, PeerAddress>();
    swarms.set(infoHashHex, swarm);
    const others = [...swarm.values()].filter((peer) => peer.host !== host || peer.port !== announce.port);
    if (announce.event === 'stopped') swarm.delete(`${host} ${announce.port}`);
    else swarm.set(`${host} ${announce.port}`, { host, port: announce.port });
    const intervalSeconds = options.intervalSeconds ?? 1800;
    response.end(encodeAnnounceResponse({ intervalSeconds, complete: 0, incomplete: 0, peers: others }));
    announces.add({ ...announce, host, infoHashHex });
  });
  const listeningHost = options.host ?? '127.0.0.1';
  server.listen(options.port ?? 0, listeningHost);
  await once(server, 'listening');
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as { port: number };
  return {
    url: `http://${listeningHost.includes(':') ? `[${listeningHost}]` : listeningHost}:${port}/announce`,
    seen: announces.seen,
    when: (wanted) => announces.when(wanted, PATIENCE_MS),
  };
}
