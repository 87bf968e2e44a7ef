// An operator that works against its monitor: to end it, to blind it, or to keep it busy.
import assert from 'node:assert/strict';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { toUtf8 } from '../../src/bytes/index.ts';
import { encodeLeaf } from '../../src/log/index.ts';
import { serveMonitor } from '../../src/monitor/index.ts';
import { formatCheckpoint, parseNote, parseTlogPolicy, signNote } from '../../src/note/index.ts';
import { generateKey } from '../../src/statement/index.ts';
import { generateCosigner } from '../../src/witness/index.ts';
import type { TestLog } from '../client/test-log.ts';
import { NEVER, Scene } from './scene.ts';

function grow(log: TestLog, count: number): void {
  for (let at = 0; at < count; at += 1) log.register(generateKey('b'), `operator-${log.entries.length}`);
}

/** A checkpoint that the log signs over a tree that nobody has. */
function bogus(log: TestLog, size: number, fill = 7): Uint8Array {
  const root = Buffer.alloc(32, fill);
  return signNote(formatCheckpoint({ origin: log.logKey.name, size, root, extensions: [] }), [log.logKey]);
}

function show(log: TestLog, note: () => Uint8Array): void {
  log.meddle = (request, response) => {
    if (request.url === '/checkpoint') response.end(note());
    return request.url === '/checkpoint';
  };
}

async function unreadable(t: TestContext) {
  const scene = await Scene.make(t);
  const { log } = scene;
  grow(log, 9);
  const monitor = await scene.start();
  await monitor.round(NEVER);
  log.entries.push(encodeLeaf({ timeMs: log.nowMs(), envelope: toUtf8('{}') }));
  const filler = log.entries.at(-2) ?? assert.fail();
  for (let at = 0; at < 5; at += 1) log.entries.push(filler);
  await monitor.round(NEVER);
  assert.deepEqual(scene.told(), ['unreadable']);
  return { scene, log, monitor };
}

test('behind an entry that nobody can read a rollback is still told, and ends no monitor', async (t) => {
  const { scene, log, monitor } = await unreadable(t);
  show(log, () => log.checkpoint(13));
  await monitor.round(NEVER);
  assert.deepEqual([...monitor.alarms].toSorted(), ['rollback', 'unreadable']);
  const later = await scene.start();
  await later.round(NEVER);
  assert.deepEqual([...later.alarms].toSorted(), ['rollback', 'unreadable'], 'also after a restart');
});

test('behind an entry that nobody can read a fork is proved, here and by other views', async (t) => {
  const { scene, log, monitor } = await unreadable(t);
  show(log, () => bogus(log, 14));
  await monitor.round(NEVER);
  assert.deepEqual([...monitor.alarms].toSorted(), ['fork', 'unreadable']);
  const elsewhere = await Scene.make(t);
  show(elsewhere.log, () => bogus(log, 12));
  log.meddle = () => false;
  const other = await scene.start({ folder: join(scene.folder, 'new'), views: [elsewhere.log.url] });
  await other.round(NEVER);
  assert.deepEqual([...other.alarms].toSorted(), ['fork', 'unreadable']);
});

test('a monitor that was killed after it grew needs no part of a bundle that the log no longer serves', async (t) => {
  const scene = await Scene.make(t);
  const { log } = scene;
  grow(log, 9);
  const monitor = await scene.start();
  await monitor.round(NEVER);
  const before = log.checkpoint();
  grow(log, 5);
  await monitor.round(NEVER);
  await writeFile(join(scene.folder, 'checkpoint'), before); // it was killed before this was replaced
  log.meddle = (request, response) => {
    const isOld = request.url?.endsWith('.p/10') ?? false;
    if (isOld) response.writeHead(404).end();
    return isOld;
  };
  const later = await scene.start();
  await later.round(NEVER);
  assert.equal(later.size, 15);
  assert.deepEqual([...later.alarms], []);
});

test('an operator that serves nothing of what a monitor lost is told after some while', async (t) => {
  const scene = await Scene.make(t);
  const { log } = scene;
  grow(log, 9);
  await (await scene.start()).round(NEVER);
  await rm(join(scene.folder, 'bundles'), { recursive: true });
  log.meddle = (request, response) => {
    const isBundle = request.url?.startsWith('/tile/entries') ?? false;
    if (isBundle) response.writeHead(503).end();
    return isBundle;
  };
  const monitor = await scene.start();
  await monitor.round(NEVER);
  assert.deepEqual(scene.told(), []);
  scene.aheadMs = 31 * 60_000;
  await monitor.round(NEVER);
  assert.deepEqual(scene.told(), ['freeze']);
  log.meddle = () => false;
  log.aheadMs = scene.aheadMs;
  log.settle();
  await monitor.round(NEVER);
  assert.deepEqual(scene.told(), ['freeze', 'over freeze']);
});

test('a log that goes on and never says its state is told: it owes one a day', async (t) => {
  const scene = await Scene.make(t);
  const { log } = scene;
  const monitor = await scene.start();
  const goOn = (hours: number): void => {
    for (let at = 0; at < 6 * hours; at += 1) {
      log.aheadMs += 10 * 60_000;
      grow(log, 1); // anything but what it owes
    }
    scene.aheadMs = log.aheadMs;
  };
  goOn(24);
  await monitor.round(NEVER);
  assert.deepEqual(scene.told(), []);
  goOn(1);
  await monitor.round(NEVER);
  assert.deepEqual(scene.told(), ['overdue']);
});

test('a round that got a checkpoint and not its entries was no good round', async (t) => {
  const scene = await Scene.make(t);
  const { log } = scene;
  log.meddle = (request, response) => {
    const isBundle = request.url?.startsWith('/tile/entries') ?? false;
    if (isBundle) response.writeHead(503).end();
    return isBundle;
  };
  const monitor = await scene.start();
  assert.equal(await monitor.round(NEVER), false);
  log.meddle = () => false;
  assert.equal(await monitor.round(NEVER), true);
});

test('one witness beyond the quorum, whose clock is slow, raises no alarm and ends no signing; a quorum does', async (t) => {
  const scene = await Scene.make(t);
  const { log } = scene;
  const cosigners = [1, 2, 3].map((number) => generateCosigner(`w${number}.example/w`, 'ed25519'));
  const lines = cosigners.map(({ vkey }, at) => `witness w${at} ${vkey}`);
  const witnesses = parseTlogPolicy(toUtf8([...lines, 'group two 2 w0 w1 w2', 'quorum two', ''].join('\n')));
  let slow = 1;
  show(log, () => {
    const { text } = parseNote(log.checkpoint());
    const now = Math.floor(Date.now() / 1000);
    const times = cosigners.map((_, at) => (at < slow ? now - 3600 : now));
    return signNote(
      text,
      [log.logKey],
      cosigners.map((cosigner, at) => cosigner.cosign(text, times[at] ?? now)),
    );
  });
  const monitor = await scene.start({ witnesses });
  await monitor.round(NEVER);
  assert.deepEqual(scene.told(), []);
  slow = 2;
  await monitor.round(NEVER);
  assert.deepEqual(scene.told(), ['ahead', 'ahead']);
});

for (const size of [10, 14]) {
  test(`a history that was rewritten while a monitor lost its own is proved a fork all the same, of ${size} entries`, async (t) => {
    const scene = await Scene.make(t);
    const { log } = scene;
    grow(log, 9);
    await (await scene.start()).round(NEVER);
    await rm(join(scene.folder, 'bundles'), { recursive: true });
    grow(log, size - 10);
    log.entries[4] = log.entries[5] ?? assert.fail();
    const monitor = await scene.start();
    await monitor.round(NEVER);
    assert.deepEqual(scene.told(), ['fork']);
    const evidence = await scene.evidence('fork');
    const notes = [...evidence.keys()].filter((name) => name.endsWith('.checkpoint'));
    assert.equal(notes.length, 2);
  });
}

test('answers that trickle hide no freeze: a round ends, and the next goes on from what it got', async (t) => {
  const scene = await Scene.make(t);
  const { log } = scene;
  // A round has time for a bundle that trickles, and for all of them when none does.
  const monitor = await scene.start({ limits: { roundMs: 2500 } });
  await monitor.round(NEVER);
  grow(log, 2000);
  let slow = true;
  log.meddle = (request, response) => {
    const { url = '' } = request;
    if (!slow || !url.startsWith('/tile/entries')) return false;
    setTimeout(() => response.end(log.bundle(url.slice(1))), 1500);
    return true;
  };
  scene.aheadMs = 31 * 60_000;
  await monitor.round(NEVER);
  assert.deepEqual(scene.told(), ['freeze'], 'in the middle of what it fetches');
  assert.ok(monitor.size < 2001);
  slow = false;
  log.requests.length = 0;
  log.aheadMs = scene.aheadMs;
  log.settle();
  await monitor.round(NEVER);
  assert.equal(monitor.size, log.entries.length);
  assert.deepEqual(scene.told(), ['freeze', 'over freeze']);
  const again = log.requests.filter((line) => line.includes('/tile/entries'));
  assert.ok(again.length < 8, `${again.length} bundles were fetched, of which some were there`);
});

test('a signed tree of millions of entries that nobody serves costs a monitor no memory and few requests', async (t) => {
  const scene = await Scene.make(t);
  const { log } = scene;
  const monitor = await scene.start();
  await monitor.round(NEVER);
  log.requests.length = 0;
  log.meddle = (request, response) => {
    if (request.url === '/checkpoint') response.end(bogus(log, 19_000_000));
    else response.end(Buffer.from('no bundle'));
    return true;
  };
  const before = process.memoryUsage().rss;
  await monitor.round(NEVER);
  assert.deepEqual(scene.told(), ['wrong-tree']);
  const grown = process.memoryUsage().rss - before;
  assert.ok(grown < 100_000_000, `${grown} bytes`);
  assert.ok(log.requests.length < 40, `${log.requests.length} requests`);
  assert.ok((await readdir(join(scene.folder, 'bundles', '0'))).length < 10);
});

test('one address that holds all the connections it gets keeps no other monitor from looking', async (t) => {
  const scene = await Scene.make(t);
  const monitor = await scene.start();
  await monitor.round(NEVER);
  const server = await serveMonitor(monitor, { host: '127.0.0.1', port: 0 });
  t.after(() => server.close());
  const port = Number(new URL(server.url).port);
  const sockets = await Promise.all(
    Array.from({ length: 80 }, async () => {
      const socket = connect({ host: '127.0.0.1', port, localAddress: '127.0.0.2' });
      socket.on('error', () => undefined); // it was not let in
      await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
      return socket;
    }),
  );
  t.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  assert.equal((await fetch(`${server.url}/checkpoint`)).status, 200);
});
