// Run by outside-network.test.ts in a network namespace of its own, where addresses of the internet are this machine's.
// Prints what came about as one line of JSON.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { brandBytes } from '../../src/bytes/index.ts';
import { DhtNode } from '../../src/swarm/dht/dht-node.ts';
import { Engine, type SwarmError } from '../../src/swarm/index.ts';
import { createTorrent, formatMagnet, parseMagnet, parseTorrent } from '../../src/torrent/index.ts';
import {
  encodeAnnounceResponse,
  encodeKrpc,
  isNodeIdFor,
  nodeIdFor,
  type PeerAddress,
  parseKrpc,
} from '../../src/wire/index.ts';
import { patternBytes, writeTree } from './content.ts';

const PUBLIC = '93.184.216.34';
const PRIVATE = '10.1.2.3';
const LOOPBACK = '127.0.0.1';
const folder = process.argv[2] as string;

/** Services of ours that strangers want us to call; who was called is noted. */
const called: string[] = [];
const victims: PeerAddress[] = [];
for (const host of [LOOPBACK, PRIVATE, '::1', '169.254.169.254']) {
  const server = createServer((socket) => {
    called.push(host);
    socket.destroy();
  });
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  victims.push({ host, port });
  const udp = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  udp.on('message', () => called.push(`${host} by UDP`));
  udp.bind(port, host);
  await once(udp, 'listening');
}
const placeOf = ({ host, port }: PeerAddress): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
const [onLoopback, onPrivate] = victims as [PeerAddress, PeerAddress];

async function startWeb(host: string, answer: RequestListener): Promise<string> {
  const server = createHttpServer(answer);
  server.listen(0, host);
  await once(server, 'listening');
  return `http://${host}:${(server.address() as { port: number }).port}`;
}
const startTracker = (host: string, peers: readonly PeerAddress[]): Promise<string> =>
  startWeb(host, (_, response) => {
    response.end(
      encodeAnnounceResponse({ intervalSeconds: 1800, complete: 0, incomplete: 0, peers }, 'list'),
    );
  });

/** What was called since the last time. */
function newlyCalled(): readonly string[] {
  return [...new Set(called.splice(0))].sort((first, second) => (first < second ? -1 : 1));
}

const path = join(folder, 'content');
await writeTree(path, { '': patternBytes(200_000, 2) });
const { metainfo } = await createTorrent(path, { profile: 'v2' });
const seeder = new Engine({ host: PUBLIC });
const seederAddress = await seeder.listen();
await seeder.seed(metainfo, path);

const results: Record<string, unknown> = {};

// What a public tracker, named by the user, answers; and what one in a private network does.
for (const host of [PUBLIC, PRIVATE]) {
  const engine = new Engine();
  const { path: got } = await engine.download(metainfo, {
    folder: join(folder, host),
    trackers: [`${await startTracker(host, [...victims, seederAddress])}/announce`],
    signal: AbortSignal.timeout(10_000),
  });
  await engine.close();
  results[`tracker on ${host}`] = { done: got === join(folder, host, 'content'), called: newlyCalled() };
}

// What a magnet link and a torrent name, and where trackers redirect to.
async function tryOut(what: string, source: Parameters<Engine['download']>[0], named: object = {}) {
  const engine = new Engine();
  const troubles: SwarmError[] = [];
  const stop = new AbortController();
  const running = engine.download(source, {
    folder: join(folder, what),
    sourceTrackers: true,
    sourcePeers: true,
    ...named,
    signal: stop.signal,
    onTrouble: (error) => troubles.push(error),
  });
  setTimeout(() => stop.abort(), 700);
  await running.catch(() => undefined);
  await engine.close();
  const refusals = troubles.filter(
    ({ code, message }) =>
      code === 'refused-address' || /nearer to this machine|no address of a single/.test(message),
  );
  results[what] = { refusals: refusals.length, called: newlyCalled() };
}
const { infoHashV2 } = metainfo;
const link = (extra: object) => parseMagnet(formatMagnet({ infoHashV2, ...extra }));
await tryOut('x.pe', link({ peers: [...victims, { host: 'localhost', port: onLoopback.port }] }));
await tryOut(
  'tr',
  link({ trackers: victims.flatMap((at) => [`http://${placeOf(at)}/announce`, `udp://${placeOf(at)}/`]) }),
);
await tryOut(
  'tr by name',
  link({ trackers: [`http://localhost:${onLoopback.port}/`, `udp://localhost:${onLoopback.port}/`] }),
);
const tracked = await createTorrent(path, {
  profile: 'v2',
  trackers: [`http://${placeOf(onPrivate)}/announce`],
});
await tryOut('announce of a torrent', parseTorrent(tracked.torrent));
for (const victim of victims) {
  const location = `http://${placeOf(victim)}/announce`;
  const base = await startWeb(PUBLIC, (_, response) => response.writeHead(302, { location }).end());
  await tryOut(`redirect to ${victim.host}`, link({}), { trackers: [`${base}/announce`] });
}
await tryOut('named by the user', link({}), {
  peers: [onLoopback],
  trackers: [`http://${placeOf(onPrivate)}/announce`],
});
await seeder.close();

// The DHT: nodes of the internet whose ids fit, which name victims and a node whose id does not fit.
const misfit = createSocket('udp4');
let misfitAsked = 0;
misfit.on('message', () => {
  misfitAsked += 1;
});
misfit.bind(0, '93.184.216.49');
await once(misfit, 'listening');
const bootstrap: PeerAddress[] = [];
for (const last of [41, 42, 43, 44]) {
  const host = `93.184.216.${last}`;
  const socket = createSocket('udp4');
  socket.bind(0, host);
  await once(socket, 'listening');
  bootstrap.push({ host, port: socket.address().port });
  const id = nodeIdFor(host, new Uint8Array(20).fill(last));
  socket.on('message', (packet, from) => {
    const query = parseKrpc(packet);
    const wrong = { id: new Uint8Array(20), host: '93.184.216.49', port: misfit.address().port };
    const nodes = [
      wrong,
      ...[onLoopback, onPrivate].map(({ host, port }) => ({ host, port, id: new Uint8Array(20).fill(1) })),
    ];
    const answer = { nodes, peers: [onLoopback, onPrivate, seederAddress], token: Uint8Array.of(1) };
    const seenAs = { host: from.address, port: from.port };
    const { transactionId } = query;
    socket.send(encodeKrpc({ type: 'response', transactionId, id, seenAs, answer }), from.port, from.address);
  });
}
const node = new DhtNode({ bootstrap, now: () => performance.now(), random: Math.random });
await node.open('93.184.216.50', 0);
const firstId = node.id;
const found: PeerAddress[] = [];
await node.find(brandBytes('TruncatedInfoHash', infoHashV2.slice(0, 20)), {
  announcePort: undefined,
  signal: AbortSignal.timeout(5000),
  onPeers: (peers) => found.push(...peers),
});
results['DHT'] = {
  idFits: isNodeIdFor('93.184.216.50', node.id) && node.id !== firstId,
  nodes: node.sizes.nodes,
  found: [...new Set(found.map(({ host }) => host))],
  misfitAsked,
  called: newlyCalled(),
};
console.log(JSON.stringify(results));
process.exit(0);
