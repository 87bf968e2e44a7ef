// Encrypted connections: every pair of policies, and what hostile handshakes meet.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createMseKeys } from '../../src/swarm/connection/key-exchange.ts';
import { Engine, type EngineOptions } from '../../src/swarm/index.ts';
import { isHandshakeStart, type PeerAddress } from '../../src/wire/index.ts';
import { awkwardTree, fingerprint, makeTorrent, temporaryFolder } from './content.ts';

const POLICIES = ['off', 'allow', 'prefer', 'require'] as const;
type Policy = EngineOptions['encryption'];

async function seeding(context: TestContext, encryption: Policy, options: Partial<EngineOptions> = {}) {
  const folder = await temporaryFolder(context);
  const made = await makeTorrent(folder, 'content', awkwardTree(), 'hybrid');
  const engine = new Engine({ encryption, ...options });
  context.after(() => engine.close());
  const address = await engine.listen();
  await engine.seed(made.torrent, made.path);
  return { ...made, folder, address };
}

/** Passes connections on to an address and keeps what the connecting side says in each. */
async function startTap(context: TestContext, to: PeerAddress) {
  const connections: Buffer[][] = [];
  const sockets = new Set<Socket>();
  const refused = Promise.withResolvers<void>();
  const server = createServer((near) => {
    const said: Buffer[] = [];
    connections.push(said);
    const far = connect(to);
    far.once('close', refused.resolve);
    near.on('data', (chunk: Buffer) => said.push(chunk));
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {
        near.destroy(); // one half has gone, so the other one goes
        far.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as { port: number };
  /** Whether each connection began in the clear, in their order. */
  const wasPlain = (): boolean[] => connections.map((said) => isHandshakeStart(Buffer.concat(said)));
  return { address: { host: '127.0.0.1', port }, connections, wasPlain, refused: refused.promise };
}

/** How the connecting engine begins its connections until one of them holds; none when they cannot meet. */
function expected(connecting: Policy, listening: Policy): readonly boolean[] | undefined {
  if (connecting === 'require') return listening === 'off' ? undefined : [false];
  if (connecting === 'prefer') return listening === 'off' ? [false, true] : [false];
  if (listening !== 'require') return [true];
  return connecting === 'allow' ? [true, false] : undefined;
}

for (const connecting of POLICIES) {
  for (const listening of POLICIES) {
    const wasPlain = expected(connecting, listening);
    test(`${connecting} connects to ${listening}: ${wasPlain ? 'they meet' : 'they do not meet'}`, async (context) => {
      const { path, metainfo, folder, address } = await seeding(context, listening);
      const tap = await startTap(context, address);
      const leecher = new Engine({ encryption: connecting });
      context.after(() => leecher.close());
      const leaving = new AbortController();
      if (!wasPlain) void tap.refused.then(() => setTimeout(() => leaving.abort(), 1000)); // time for another way to be tried
      const download = leecher.download(metainfo, {
        folder: join(folder, 'out'),
        peers: [tap.address],
        signal: AbortSignal.any([leaving.signal, AbortSignal.timeout(20_000)]),
      });
      if (!wasPlain) {
        await assert.rejects(download, { name: 'AbortError' });
        assert.ok(tap.connections.length > 0);
        return;
      }
      const got = await download;
      assert.deepEqual(tap.wasPlain(), wasPlain);
      assert.deepEqual(await fingerprint(got.path), await fingerprint(path));
    });
  }
}

test('what must be encrypted is: nothing of the handshake can be read on the way', async (context) => {
  const { metainfo, folder, address } = await seeding(context, 'require');
  const tap = await startTap(context, address);
  const leecher = new Engine({ encryption: 'require' });
  context.after(() => leecher.close());
  await leecher.download(metainfo, {
    folder: join(folder, 'out'),
    peers: [tap.address],
    signal: AbortSignal.timeout(20_000),
  });
  const said = Buffer.concat(tap.connections[0] ?? []);
  assert.ok(said.length > 500);
  for (const secret of [Buffer.from('BitTorrent protocol'), metainfo.infoHashV2.subarray(0, 20), '-BQ0']) {
    assert.equal(said.indexOf(secret), -1);
  }
});

const key = createMseKeys().publicKey;

/** What a hostile side sends, and within which time it has to be cut off, with a time limit of 500 ms. */
const HOSTILE: readonly (readonly [string, (socket: Socket) => void, number])[] = [
  [
    'no second message after all of the padding',
    (socket) => socket.write(Buffer.concat([key, randomBytes(2000)])),
    400,
  ],
  ['a public key that is none', (socket) => socket.write(Buffer.alloc(96)), 400],
  ['a megabyte of noise', (socket) => socket.write(randomBytes(1_000_000)), 400],
  ['half a key and then nothing', (socket) => socket.write(key.subarray(0, 48)), 1500],
  ['a key and then nothing', (socket) => socket.write(key), 1500],
  ['nothing', () => undefined, 1500],
  [
    'a byte now and then',
    (socket) => {
      const timer = setInterval(() => socket.write(key.subarray(0, 1)), 20);
      socket.once('close', () => clearInterval(timer));
    },
    1500,
  ],
];

for (const [what, attack, withinMs] of HOSTILE) {
  test(`a handshake that brings ${what} is cut off in time, and others are served`, async (context) => {
    const { path, metainfo, folder, address } = await seeding(context, 'allow', { handshakeTimeoutMs: 500 });
    const startedMs = performance.now();
    const ends = Array.from({ length: 20 }, async () => {
      const socket = connect(address);
      context.after(() => socket.destroy());
      socket.on('error', () => undefined); // it is cut off while it writes
      socket.resume();
      const closed = new Promise((resolve) => {
        socket.once('close', resolve);
      });
      socket.once('connect', () => attack(socket));
      await closed;
    });
    await Promise.all(ends);
    const tookMs = performance.now() - startedMs;
    assert.ok(tookMs < withinMs + 1000, `${tookMs} ms`);
    const leecher = new Engine({ encryption: 'require' });
    context.after(() => leecher.close());
    const got = await leecher.download(metainfo, {
      folder: join(folder, 'out'),
      peers: [address],
      signal: AbortSignal.timeout(20_000),
    });
    assert.deepEqual(await fingerprint(got.path), await fingerprint(path));
  });
}

test('a listening side that answers with noise does not hold up a download from another', async (context) => {
  const { path, metainfo, folder, address } = await seeding(context, 'allow');
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    context.after(() => socket.destroy());
    socket.on('error', () => undefined); // the engine has had enough
    socket.on('data', () => socket.write(randomBytes(5000)));
  });
  server.listen(0, '127.0.12.1');
  await once(server, 'listening');
  context.after(() => server.close());
  const { port } = server.address() as { port: number };
  for (const encryption of ['allow', 'prefer', 'require'] as const) {
    const leecher = new Engine({ encryption });
    context.after(() => leecher.close());
    const got = await leecher.download(metainfo, {
      folder: join(folder, encryption),
      peers: [{ host: '127.0.12.1', port }, address],
      signal: AbortSignal.timeout(20_000),
    });
    assert.deepEqual(await fingerprint(got.path), await fingerprint(path));
  }
  assert.ok(connections >= 3);
});
