// The DHT (BEP 5, 42): engines find each other without a tracker, on loopback; what hostile packets do; what stays shut.
import assert from 'node:assert/strict';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { encode } from '../../src/bencode/index.ts';
import { brandBytes, concatBytes } from '../../src/bytes/index.ts';
import { DhtNode } from '../../src/swarm/dht/dht-node.ts';
import { PeerStore } from '../../src/swarm/dht/peer-store.ts';
import { RoutingTable } from '../../src/swarm/dht/routing-table.ts';
import { Engine, type EngineOptions } from '../../src/swarm/index.ts';
import { formatMagnet, parseMagnet } from '../../src/torrent/index.ts';
import { encodeKrpc, type KrpcMessage, type PeerAddress, parseKrpc } from '../../src/wire/index.ts';
import { fingerprint, makeTorrent, patternBytes, temporaryFolder } from './content.ts';

async function startEngine(
  context: TestContext,
  host: string,
  bootstrap: readonly PeerAddress[],
  options: Partial<EngineOptions> = {},
): Promise<{ engine: Engine; address: PeerAddress }> {
  const engine = new Engine({ host, localAddress: host, dht: { bootstrap }, ...options });
  context.after(() => engine.close());
  return { engine, address: await engine.listen() };
}

/** A node of the DHT alone. */
async function startNode(
  context: TestContext,
  host: string,
  bootstrap: readonly PeerAddress[] = [],
): Promise<{ node: DhtNode; address: PeerAddress }> {
  const node = new DhtNode({ bootstrap, now: () => performance.now(), random: Math.random });
  context.after(() => node.close());
  await node.open(host, 0);
  return { node, address: { host, port: node.port } };
}

/** A socket that says what a test tells it to. */
async function startSocket(context: TestContext, host: string): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0, host);
  await once(socket, 'listening');
  context.after(() => socket.close());
  return socket;
}

async function nextMessage(
  socket: Socket,
): Promise<{ message: KrpcMessage; from: RemoteInfo; bytes: number }> {
  const [packet, from] = (await once(socket, 'message', { signal: AbortSignal.timeout(5000) })) as [
    Buffer,
    RemoteInfo,
  ];
  return { message: parseKrpc(packet), from, bytes: packet.length };
}

const ID = new Uint8Array(20).fill(0x5a);
const T = Uint8Array.of(1, 2);
const query = (question: Extract<KrpcMessage, { type: 'query' }>['question'], id = ID): Uint8Array =>
  encodeKrpc({ type: 'query', transactionId: T, id, readOnly: true, question });

async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`${what} did not come about`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('a magnet link is downloaded without any tracker: the DHT finds its seeder, both names of a hybrid', async (context) => {
  const folder = await temporaryFolder(context);
  const { path, torrent, metainfo } = await makeTorrent(
    folder,
    'content',
    { '': patternBytes(300_000, 3) },
    'hybrid',
  );
  const first = await startNode(context, '127.0.21.1');
  const second = await startNode(context, '127.0.21.2', [first.address]);
  const third = await startNode(context, '127.0.21.3', [first.address]);
  await until('a net of three', () => first.node.sizes.nodes === 2 && second.node.sizes.nodes > 0);
  const seeder = await startEngine(context, '127.0.21.4', [second.address]);
  await seeder.engine.seed(torrent, path);
  await until('the announces', () => first.node.sizes.storedPeers === 2);
  const leecher = await startEngine(context, '127.0.21.5', [third.address]);
  const link = parseMagnet(formatMagnet({ infoHashV2: metainfo.infoHashV2 }));
  const result = await leecher.engine.download(link, {
    folder: join(folder, 'out'),
    signal: AbortSignal.timeout(15_000),
  });
  assert.deepEqual(await fingerprint(result.path), await fingerprint(path));
});

test('a swarm that leaves the DHT is not announced there, and its peers stay', async (context) => {
  const folder = await temporaryFolder(context);
  const first = await makeTorrent(folder, 'first', { '': patternBytes(100_000, 3) }, 'v2');
  const second = await makeTorrent(folder, 'second', { '': patternBytes(100_000, 4) }, 'v2');
  const router = await startNode(context, '127.0.23.1');
  const { engine, address } = await startEngine(context, '127.0.23.2', [router.address]);
  const unheard = await engine.seed(first.torrent, first.path);
  await unheard.stopDiscovery(['dht']); // before any node could answer
  await engine.seed(second.torrent, second.path);
  await until('an announce', () => router.node.sizes.storedPeers > 0);
  const other = new Engine();
  context.after(() => other.close());
  const result = await other.download(first.metainfo, {
    folder: join(folder, 'out'),
    peers: [address],
    signal: AbortSignal.timeout(15_000),
  });
  assert.deepEqual(await fingerprint(result.path), await fingerprint(first.path));
  assert.equal(router.node.sizes.storedPeers, 1);
});

test('hostile packets: wrong kinds, lengths, methods and answers that nobody asked for change nothing', async (context) => {
  const { node, address } = await startNode(context, '127.0.22.1');
  const socket = await startSocket(context, '127.0.22.2');
  const send = (packet: Uint8Array | string): void => socket.send(packet, address.port, address.host);
  const answers: Buffer[] = [];
  const collect = (packet: Buffer): void => void answers.push(packet);
  socket.on('message', collect);
  const id = Buffer.from(ID);
  const a = { id };
  for (const packet of [
    'd1:yd8:toString1:xee',
    'l-3:e',
    '',
    'd',
    'i1e',
    encode({ t: 'aa', y: 'q', q: 'get_peers', a: { ...a, info_hash: 7 } }),
    encode({ t: 'aa', y: 'q', q: 'find_node', a: { ...a, target: 7 } }),
    encode({ t: 'aa', y: 'q', q: 'find_node', a: { ...a, target: Buffer.alloc(19) } }),
    encode({ t: 'aa', y: 'q', q: 'ping', a: { id: Buffer.alloc(21) } }),
    encode({ t: 'aa', y: 'q', q: 'ping', a: 'x' }),
    encode({ t: 7, y: 'q', q: 'ping', a }),
    encode({ t: Buffer.alloc(17), y: 'q', q: 'ping', a }),
    encode({ t: 'aa', y: 'q', q: { ping: 1 }, a }),
    encode({ t: 'aa', y: 'q', q: 'put', a: { ...a, v: Buffer.alloc(900), token: 'x' } }),
    encode({ t: 'aa', y: 'q', q: 'get', a: { ...a, target: id } }),
    encode({ t: 'aa', y: 'q', q: 'announce_peer', a: { ...a, info_hash: id, port: 70_000, token: 'x' } }),
    encode({ t: 'aa', y: 'q', q: 'announce_peer', a: { ...a, info_hash: id, port: 1, token: { t: 1 } } }),
    encode({ t: 'aa', y: 'r', r: { id, nodes: concatBytes(ID, Uint8Array.of(127, 0, 22, 9, 1, 1)) } }),
    encode({ t: 'aa', y: 'e', e: 'text' }),
    encode({ t: 'aa', y: 'z' }),
    Buffer.alloc(4000, 'l'),
  ]) {
    send(packet);
  }
  send(query({ method: 'ping' }));
  await until('an answer to the ping', () => answers.length > 0);
  assert.equal(answers.length, 1, 'and to nothing else');
  assert.deepEqual(node.sizes, { nodes: 0, storedPeers: 0 });
});

test('no amplification: answers stay small, announces need a token of their own address, forged askers get no place', async (context) => {
  const { node, address } = await startNode(context, '127.0.23.1');
  const socket = await startSocket(context, '127.0.23.2');
  const other = await startSocket(context, '127.0.23.3');
  const ask = async (from: Socket, packet: Uint8Array) => {
    const answer = nextMessage(from);
    from.send(packet, address.port, address.host);
    return answer;
  };
  const got = await ask(socket, query({ method: 'get_peers', infoHash: ID }));
  assert.ok(got.message.type === 'response');
  const { token } = got.message.answer;
  assert.ok(token);
  const announce = (port: number) =>
    query({ method: 'announce_peer', infoHash: ID, port, impliedPort: false, token });
  const refused = await ask(other, announce(1));
  assert.deepEqual(refused.message.type === 'error' && [refused.message.code, refused.message.message], [
    203,
    'bad token',
  ]);
  assert.equal(node.sizes.storedPeers, 0);
  assert.equal((await ask(socket, announce(1))).message.type, 'response');
  assert.equal(node.sizes.storedPeers, 1);
  const found = await ask(other, query({ method: 'get_peers', infoHash: ID }));
  assert.deepEqual(found.message.type === 'response' && found.message.answer.peers, [
    { host: '127.0.23.2', port: 1 },
  ]);
  assert.deepEqual(found.message.type === 'response' && found.message.seenAs, {
    host: '127.0.23.3',
    port: other.address().port,
  });
  assert.equal(node.sizes.nodes, 0, 'who never answered is no node');
});

test('the largest answer stays below 600 bytes', () => {
  const nodes = Array.from({ length: 8 }, (_, at) => ({ id: ID, host: `10.0.0.${at}`, port: 65_535 }));
  const store = new PeerStore(() => 0);
  for (let at = 0; at < 1000; at += 1) store.add('aa', { host: `10.1.${at >> 8}.${at & 255}`, port: 65_535 });
  assert.equal(store.size, 100, 'peers of one torrent are bounded');
  const peers = store.some('aa', Math.random);
  const answer = { nodes, peers, token: new Uint8Array(8) };
  const transactionId = new Uint8Array(16);
  const seenAs = { host: '10.0.0.1', port: 65_535 };
  const bytes = encodeKrpc({ type: 'response', transactionId, id: ID, seenAs, answer });
  assert.ok(peers.length === 30 && bytes.length < 600, `${bytes.length} bytes`);
});

test('what is kept for others is bounded for each host and in all, and forgotten in time', () => {
  let now = 0;
  const store = new PeerStore(() => now);
  for (let at = 0; at < 200; at += 1) store.add(`torrent ${at}`, { host: '10.0.0.1', port: 1 });
  assert.equal(store.size, 50);
  for (let at = 0; at < 2000; at += 1) {
    store.add(`torrent ${at}`, { host: `10.2.${at >> 8}.${at & 255}`, port: 1 });
  }
  assert.ok(store.size <= 550, `${store.size}`);
  now = 31 * 60_000;
  assert.deepEqual(store.some('torrent 1999', Math.random), []);
  store.expire();
  assert.equal(store.size, 0);
});

test('a flood from one address is read and answered at its rate only, and others are answered meanwhile', async (context) => {
  const { address } = await startNode(context, '127.0.24.1');
  const flood = await startSocket(context, '127.0.24.2');
  const other = await startSocket(context, '127.0.24.3');
  let answers = 0;
  flood.on('message', () => {
    answers += 1;
  });
  const sinceMs = performance.now();
  let served = false;
  other.on('message', () => {
    served = true;
  });
  for (let round = 0; round < 100; round += 1) {
    for (let at = 0; at < 50; at += 1) flood.send(query({ method: 'ping' }), address.port, address.host);
    if (round % 10 === 9) other.send(query({ method: 'ping' }), address.port, address.host);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await until('an answer to the other', () => served);
  const seconds = (performance.now() - sinceMs) / 1000;
  assert.ok(answers > 0 && answers <= 41 + 10 * seconds, `${answers} answers in ${seconds} s`);
});

test('a flood in the name of somebody who is asked just then is answered at its rate only', async (context) => {
  const { address } = await startNode(context, '127.0.25.1');
  const victim = await startSocket(context, '127.0.25.2');
  let answers = 0;
  victim.on('message', (packet: Buffer) => {
    if (parseKrpc(packet).type === 'response') answers += 1;
  });
  const asked = once(victim, 'message', { signal: AbortSignal.timeout(5000) });
  const transactionId = T;
  const question = { method: 'ping' } as const;
  const forged = encodeKrpc({ type: 'query', transactionId, id: ID, readOnly: false, question });
  const sinceMs = performance.now();
  victim.send(forged, address.port, address.host);
  await asked; // from now on an answer of the victim is waited for
  for (let at = 0; at < 500; at += 1) {
    await new Promise((resolve) => victim.send(forged, address.port, address.host, resolve));
  }
  const other = await startSocket(context, '127.0.25.3');
  let served = false;
  other.on('message', () => {
    served = true;
  });
  await until('an answer to another', () => {
    other.send(query({ method: 'ping' }), address.port, address.host);
    return served;
  });
  const seconds = (performance.now() - sinceMs) / 1000;
  assert.ok(answers > 0 && answers <= 41 + 10 * seconds, `${answers} answers in ${seconds} s`);
});

test('a flood of nodes stays within the table; of one public address there is one, and who answers stays', () => {
  let now = 0;
  const table = new RoutingTable(new Uint8Array(20), () => now);
  const contact = (first: number, at: number) => {
    const id = new Uint8Array(20).fill(at & 255);
    id[0] = first;
    id[1] = at >> 8;
    return { id, host: `9.${first}.${at >> 8}.${at & 255}`, port: 1 };
  };
  for (let at = 0; at < 5000; at += 1) table.answered(contact(0x80, at));
  assert.equal(table.size, 8);
  table.answered({ ...contact(0x40, 1), host: '9.128.0.1' });
  assert.equal(table.size, 8, 'a second node of one address');
  const [oldest] = table.contacts;
  assert.ok(oldest);
  table.failed(oldest.id);
  now = 1000;
  table.answered(contact(0x80, 9999));
  assert.ok(table.size === 8 && !table.contacts.includes(oldest), 'one that fails makes room');
  assert.deepEqual(table.closest(contact(0x80, 9999).id)[0]?.host, '9.128.39.15');
  assert.equal(table.silentFor(500).length, 7);
});

test('a node and an engine that are closed while they open end at once, and open nothing', async () => {
  const parts = { now: () => performance.now(), random: Math.random };
  const opening = new DhtNode({ ...parts, bootstrap: [] });
  const opened = opening.open('127.0.27.1', 0);
  opening.close();
  await assert.rejects(opened, { code: 'closed' });
  await assert.rejects(opening.open('127.0.27.1', 0), { code: 'closed' });
  const engine = new Engine({ host: '127.0.27.1', dht: { bootstrap: [] } });
  const listening = engine.listen();
  await engine.close();
  await listening.catch(({ code }: { code: string }) => assert.match(code, /^(closed|cannot-listen)$/));
});

test('whoever searches does not wait for nodes that are silent once it has left', async (context) => {
  const silent = await startSocket(context, '127.0.27.2');
  const { node } = await startNode(context, '127.0.27.3', [
    { host: '127.0.27.2', port: silent.address().port },
  ]);
  const leaving = new AbortController();
  const search = node.find(brandBytes('InfoHashV1', ID), {
    announcePort: undefined,
    signal: leaving.signal,
    onPeers: () => undefined,
  });
  await once(silent, 'message', { signal: AbortSignal.timeout(5000) }); // it is asked, and waited for two seconds
  const sinceMs = performance.now();
  leaving.abort();
  assert.equal(await search, 0);
  assert.ok(performance.now() - sinceMs < 1500);
});

test('nothing opens when it is off, and a private torrent never enters it', async (context) => {
  const folder = await temporaryFolder(context);
  const { path, torrent, metainfo } = await makeTorrent(
    folder,
    'content',
    { '': patternBytes(9000, 3) },
    'v2',
  );
  const node = await startNode(context, '127.0.25.1');
  const off = new Engine({ host: '127.0.25.2' });
  context.after(() => off.close());
  const address = await off.listen();
  await off.seed(torrent, path);
  const free = createSocket('udp4');
  free.bind(address.port, address.host);
  await once(free, 'listening'); // it is nobody's
  free.close();
  const on = await startEngine(context, '127.0.25.3', [node.address]);
  await on.engine.seed({ ...metainfo, isPrivate: true }, path);
  await until('our engine to be a node', () => node.node.sizes.nodes === 1);
  const other = await startEngine(context, '127.0.25.4', [node.address]);
  await other.engine.seed(torrent, path);
  await until('an announce', () => node.node.sizes.storedPeers > 0);
  assert.equal(node.node.sizes.storedPeers, 1, 'that of the torrent that is not private');
});

test('peers tell each other where they are in the DHT', async (context) => {
  const folder = await temporaryFolder(context);
  const { path, torrent, metainfo } = await makeTorrent(
    folder,
    'content',
    { '': patternBytes(90_000, 3) },
    'v2',
  );
  const lonely = await startEngine(context, '127.0.26.1', []);
  const node = await startNode(context, '127.0.26.2');
  const seeder = await startEngine(context, '127.0.26.3', [node.address]);
  await until('a net of two', () => node.node.sizes.nodes === 1);
  await seeder.engine.seed(torrent, path);
  await lonely.engine.download(metainfo, {
    folder: join(folder, 'out'),
    peers: [seeder.address],
    keepSeeding: true,
    signal: AbortSignal.timeout(10_000),
  });
  // The lonely one knew no node: it can be announced only to those that the seeder's leads to.
  await until('its announce', () => node.node.sizes.storedPeers === 2);
});
