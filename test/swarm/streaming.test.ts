import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { type Engine, type RunningDownload, SwarmError } from '../../src/swarm/index.ts';
import { formatMagnet, parseMagnet } from '../../src/torrent/index.ts';
import type { BlockSpan } from '../../src/wire/index.ts';
import {
  awkwardTree,
  fingerprint,
  type MadeTorrent,
  makeTorrent,
  patternBytes,
  type Tree,
  temporaryFolder,
} from './content.ts';
import { startEngine } from './engines.ts';
import { startScripted } from './scripted-peer.ts';
import { startWebServer } from './web-server.ts';

const MEBIBYTE = 1024 * 1024;
const signal = () => AbortSignal.timeout(30_000);

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

interface Setting {
  readonly folder: string;
  readonly made: MadeTorrent;
  readonly bytes: Buffer;
  readonly engine: Engine;
}

async function setUp(context: TestContext, mebibytes: number): Promise<Setting> {
  const folder = await temporaryFolder(context);
  const bytes = patternBytes(mebibytes * MEBIBYTE + 12_345, 3);
  const made = await makeTorrent(folder, 'content', { '': bytes }, 'v2');
  return { folder, made, bytes, engine: (await startEngine(context)).engine };
}

/** A seeder that sends so many bytes a second. */
async function startSeeder(context: TestContext, made: MadeTorrent, uploadBytesPerSecond = 0) {
  const { engine, address } = await startEngine(context, { uploadBytesPerSecond });
  await engine.seed(made.torrent, made.path, { isVerified: true });
  return address;
}

/** Ends a download that is not needed to its end. */
async function stop(download: RunningDownload, controller: AbortController): Promise<void> {
  controller.abort(new Error('seen enough'));
  await assert.rejects(download.done, /seen enough/);
}

async function until(holds: () => boolean): Promise<void> {
  for (const end = performance.now() + 20_000; !holds(); ) {
    assert.ok(performance.now() < end, 'it does not come about');
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}

test('the middle and the tail can be read while most of the rest is not there', async (context) => {
  const { folder, made, bytes, engine } = await setUp(context, 64);
  const seeder = await startSeeder(context, made, 6 * MEBIBYTE);
  const controller = new AbortController();
  const link = formatMagnet({ infoHashV2: made.metainfo.infoHashV2 });
  const download = await engine.start(parseMagnet(link), {
    folder: join(folder, 'out'),
    peers: [seeder],
    signal: controller.signal,
  });
  await until(() => download.progress.haveBytes >= MEBIBYTE);
  for (const start of [32 * MEBIBYTE + 777, bytes.length - 300_001]) {
    const before = download.progress.downloadedBytes;
    const read = await collect(download.read(0, start, start + 300_001));
    const meanwhile = download.progress.downloadedBytes - before;
    assert.ok(read.equals(bytes.subarray(start, start + 300_001)));
    assert.ok(meanwhile < 12 * MEBIBYTE, `${meanwhile} bytes came before 300 kB were read`);
  }
  const { haveBytes } = download.progress;
  assert.ok(haveBytes < bytes.length / 2, `${haveBytes} bytes are there`);
  await stop(download, controller);
});

test('several readers get all they ask for, in order, while a file is being downloaded', async (context) => {
  const { folder, made, bytes, engine } = await setUp(context, 24);
  const seeder = await startSeeder(context, made, 24 * MEBIBYTE);
  const download = await engine.start(made.metainfo, {
    folder: join(folder, 'out'),
    peers: [seeder],
    signal: signal(),
  });
  const [whole, half, last] = await Promise.all([
    collect(download.read(0)),
    collect(Readable.from(download.read(0, bytes.length >> 1))),
    collect(download.read(0, bytes.length - 1, bytes.length)),
  ]);
  assert.ok(whole.equals(bytes));
  assert.ok(half.equals(bytes.subarray(bytes.length >> 1)));
  assert.deepEqual([...last], [bytes.at(-1)]);
  const { path } = await download.done;
  assert.deepEqual(await fingerprint(path), await fingerprint(made.path));
  assert.ok(
    (await collect(download.read(0, 5, 500_000))).equals(bytes.subarray(5, 500_000)),
    'after the end',
  );
});

test('a reader that takes nothing does not hold the download up', async (context) => {
  const { folder, made, bytes, engine } = await setUp(context, 8);
  const seeder = await startSeeder(context, made);
  const download = await engine.start(made.metainfo, {
    folder: join(folder, 'out'),
    peers: [seeder],
    signal: signal(),
  });
  const chunks = download.read(0)[Symbol.asyncIterator]();
  const first = await chunks.next();
  assert.ok(first.value && bytes.subarray(0, first.value.length).equals(first.value));
  await download.done;
  const second = await chunks.next();
  assert.equal(second.done, false);
  await chunks.return?.();
});

test('a seeder reads what it seeds: every file of a tree', async (context) => {
  const folder = await temporaryFolder(context);
  const tree = awkwardTree();
  const made = await makeTorrent(folder, 'content', tree, 'hybrid');
  const { engine } = await startEngine(context);
  const swarm = await engine.seed(made.torrent, made.path);
  for (const [index, file] of made.metainfo.files.entries()) {
    const read = await collect(swarm.read(index));
    assert.ok(read.equals(tree[file.path.join('/')] as Buffer), file.path.join('/'));
  }
});

test('ranges that do not exist are refused at once', async (context) => {
  const { made, bytes, engine } = await setUp(context, 1);
  const swarm = await engine.seed(made.torrent, made.path);
  const isBadRange = (error: unknown): boolean => error instanceof SwarmError && error.code === 'bad-range';
  for (const [file, start, end] of [
    [1, 0, 1],
    [-1, 0, 1],
    [0, -1, 1],
    [0, 2, 1],
    [0, 0, bytes.length + 1],
    [0, 0.5, 1],
    [0, Number.NaN, 1],
  ] as const) {
    assert.throws(() => swarm.read(file, start, end), isBadRange);
  }
  assert.deepEqual(await collect(swarm.read(0, 7, 7)), Buffer.alloc(0));
});

test('a reader ends with its signal, with the download, and with the engine', async (context) => {
  const { folder, made, engine } = await setUp(context, 2);
  const controller = new AbortController();
  const silent = await startScripted(context, '127.0.0.7', made.metainfo, () => Buffer.alloc(0), {
    block: () => undefined,
  });
  const download = await engine.start(made.metainfo, {
    folder: join(folder, 'out'),
    peers: [silent],
    signal: controller.signal,
  });
  const reader = new AbortController();
  const aborted = collect(download.read(0, 0, 10, reader.signal));
  setImmediate(() => reader.abort(new Error('the viewer left')));
  await assert.rejects(aborted, /the viewer left/);
  await assert.rejects(collect(download.read(0, 0, 10, reader.signal)), /the viewer left/);
  const waiting = collect(download.read(0, 0, 10));
  waiting.catch(() => undefined);
  await stop(download, controller);
  await assert.rejects(waiting, { code: 'closed' });
  await engine.close();
  await assert.rejects(collect(download.read(0, 0, 10)), { code: 'closed' });
});

/** A seeder by script that notes which pieces it is asked for, each once, and sends so many blocks a second. */
async function startNoting(context: TestContext, made: MadeTorrent, bytes: Buffer, host: string) {
  const asked: number[] = [];
  const { pieceLength } = made.metainfo;
  const peer = await startScripted(
    context,
    host,
    made.metainfo,
    ({ pieceIndex, begin, length }) => {
      const start = pieceIndex * pieceLength + begin;
      return bytes.subarray(start, start + length);
    },
    {
      block: ({ pieceIndex, begin, length }: BlockSpan) => {
        if (!asked.includes(pieceIndex)) asked.push(pieceIndex);
        const start = pieceIndex * pieceLength + begin;
        return bytes.subarray(start, start + length);
      },
    },
  );
  return { peer, asked };
}

test('the pieces at the position are asked for before all others', async (context) => {
  const { folder, made, bytes, engine } = await setUp(context, 16);
  const { peer, asked } = await startNoting(context, made, bytes, '127.0.0.8');
  const download = await engine.start(made.metainfo, { folder: join(folder, 'out'), signal: signal() });
  const pieces = Math.ceil(bytes.length / made.metainfo.pieceLength);
  const from = pieces >> 1;
  const start = from * made.metainfo.pieceLength;
  const chunks = download.read(0, start)[Symbol.asyncIterator]();
  const first = chunks.next(); // nobody is there yet: the reader waits
  const [swarm] = engine.swarms;
  swarm?.discover({ peers: [peer] }, made.metainfo);
  await first;
  assert.deepEqual(asked.slice(0, 4), [from, from + 1, from + 2, from + 3]);
  await chunks.return?.();
  await download.done;
});

test('blocks that a peer owes too long come from another one', async (context) => {
  const { folder, made, bytes, engine } = await setUp(context, 4);
  const silent = await startScripted(context, '127.0.0.9', made.metainfo, () => Buffer.alloc(0), {
    block: () => undefined,
  });
  const download = await engine.start(made.metainfo, {
    folder: join(folder, 'out'),
    peers: [silent],
    signal: signal(),
  });
  const chunks = download.read(0)[Symbol.asyncIterator]();
  const startedMs = performance.now();
  const first = chunks.next();
  await until(() => (silent.lines[0]?.seen.get('request') ?? 0) > 0);
  const seeder = await startSeeder(context, made);
  engine.swarms[0]?.discover({ peers: [seeder] }, made.metainfo);
  const { value } = await first;
  const ms = performance.now() - startedMs;
  assert.ok(value && bytes.subarray(0, value.length).equals(value));
  assert.ok(ms < 12_000, `${ms} ms, and a peer may be silent for 20 s`);
  await chunks.return?.();
  await download.done;
});

test('a piece that comes wrong is never given to a reader', async (context) => {
  const { folder, made, bytes, engine } = await setUp(context, 4);
  const liar = await startScripted(
    context,
    '127.0.0.10',
    made.metainfo,
    ({ length }) => Buffer.alloc(length, 7),
    {},
  );
  const banned = Promise.withResolvers<void>();
  const download = await engine.start(made.metainfo, {
    folder: join(folder, 'out'),
    peers: [liar],
    onTrouble: ({ code }) => {
      if (code === 'peer-lied') banned.resolve();
    },
    signal: signal(),
  });
  const reading = collect(download.read(0));
  await banned.promise;
  const seeder = await startSeeder(context, made);
  engine.swarms[0]?.discover({ peers: [seeder] }, made.metainfo);
  assert.ok((await reading).equals(bytes));
  await download.done;
});

test('a web seed alone is read from, at any position', async (context) => {
  const folder = await temporaryFolder(context);
  const bytes = patternBytes(48 * MEBIBYTE, 4);
  const tree: Tree = { '': bytes };
  const made = await makeTorrent(folder, 'content', tree, 'v2');
  const web = await startWebServer(context, tree);
  const { engine } = await startEngine(context, { downloadBytesPerSecond: 8 * MEBIBYTE });
  const controller = new AbortController();
  const download = await engine.start(made.metainfo, {
    folder: join(folder, 'out'),
    webSeeds: [`${web.origin}/content`],
    signal: controller.signal,
  });
  await until(() => download.progress.haveBytes >= MEBIBYTE);
  for (const start of [40 * MEBIBYTE + 5, 20 * MEBIBYTE]) {
    const before = download.progress.downloadedBytes;
    const read = await collect(download.read(0, start, start + 400_000));
    const meanwhile = download.progress.downloadedBytes - before;
    assert.ok(read.equals(bytes.subarray(start, start + 400_000)));
    assert.ok(meanwhile < 16 * MEBIBYTE, `${meanwhile} bytes came before 400 kB were read`);
  }
  assert.ok(download.progress.haveBytes < bytes.length / 2);
  await stop(download, controller);
});
