// Tiers of trackers (BEP 12) and announces of many swarms at once.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { AnnounceScheduler } from '../../src/swarm/discovery/announce-scheduler.ts';
import { DueHeap } from '../../src/swarm/discovery/due-heap.ts';
import { chainsOf, TrackerOrder } from '../../src/swarm/discovery/tracker-tiers.ts';
import { Engine, type EngineOptions } from '../../src/swarm/index.ts';
import { createTorrent, parseTorrent } from '../../src/torrent/index.ts';
import { encodeAnnounceResponse, parseAnnounceQuery } from '../../src/wire/index.ts';
import { makeTorrent, patternBytes, temporaryFolder } from './content.ts';
import { startTracker } from './tracker-server.ts';

const DEAD = 'http://127.0.0.1:1/announce';

async function prepare(context: TestContext, options: Partial<EngineOptions> = {}) {
  const folder = await temporaryFolder(context);
  const made = await makeTorrent(folder, 'content', { '': patternBytes(50_000, 4) }, 'v2');
  const engine = new Engine(options);
  context.after(() => engine.close());
  await engine.listen();
  const withTiers = (trackerTiers: readonly (readonly string[])[]) => ({
    ...made.metainfo,
    trackerTiers,
    trackers: trackerTiers.flat(),
  });
  return { ...made, engine, withTiers, out: join(folder, 'out') };
}

test('the next tier is asked only when all of one failed, and those of a tier stand in for each other', async (context) => {
  const [second, third] = [await startTracker(context), await startTracker(context)];
  const { engine, path, withTiers } = await prepare(context);
  const troubles: string[] = [];
  const tiers = [[DEAD, 'http://127.0.0.1:2/announce'], [second.url, 'ws://127.0.0.1:3/'], [third.url]];
  await engine.seed(withTiers(tiers), path, {
    sourceTrackers: true,
    onTrouble: ({ message }) => troubles.push(message),
  });
  await second.when(({ event }) => event === 'started');
  assert.deepEqual(
    new Set(troubles.map((text) => /127\.0\.0\.1:\d/.exec(text)?.[0])),
    new Set(['127.0.0.1:1', '127.0.0.1:2']),
  );
  await engine.close();
  assert.equal(second.seen.at(-1)?.event, 'stopped');
  assert.deepEqual(third.seen, []);
});

test('each tier, or each tracker, is announced to when the engine is told so', async (context) => {
  for (const [announceTo, expected] of [
    ['every-tier', 2],
    ['every-tracker', 3],
  ] as const) {
    const trackers = [await startTracker(context), await startTracker(context), await startTracker(context)];
    const [a, b, c] = trackers.map(({ url }) => url) as [string, string, string];
    const { engine, path, withTiers } = await prepare(context, { announceTo });
    await engine.seed(withTiers([[a, b], [c]]), path, { sourceTrackers: true });
    await trackers[2]?.when(() => true);
    await engine.close();
    assert.equal(trackers.filter(({ seen }) => seen.length > 0).length, expected, announceTo);
  }
});

test('a download goes on to the next tracker when an answer holds nobody, and tells all that know it', async (context) => {
  const [empty, full] = [await startTracker(context), await startTracker(context)];
  const { engine, path, torrent, withTiers, out } = await prepare(context);
  await engine.seed(torrent, path, { trackers: [full.url] });
  await full.when(({ event }) => event === 'started');
  const leecher = new Engine({ host: '127.0.12.1', localAddress: '127.0.12.1' });
  context.after(() => leecher.close());
  await leecher.listen();
  await leecher.download(withTiers([[empty.url], [full.url]]), {
    folder: out,
    sourceTrackers: true,
    keepSeeding: true,
    signal: AbortSignal.timeout(15_000),
  });
  for (const tracker of [empty, full]) {
    await tracker.when(({ event, host }) => event === 'completed' && host === '127.0.12.1');
  }
  await leecher.close();
  for (const tracker of [empty, full]) {
    assert.ok(tracker.seen.some(({ event, host }) => event === 'stopped' && host === '127.0.12.1'));
  }
});

test('a magnet link’s and a torrent’s trackers are not asked unless it is said', async (context) => {
  const tracker = await startTracker(context);
  const { engine, path } = await prepare(context);
  const { torrent } = await createTorrent(path, { trackers: [tracker.url] });
  const swarm = await engine.seed(torrent, path);
  await engine.leave(swarm);
  assert.deepEqual(tracker.seen, []);
  await engine.seed(parseTorrent(torrent), path, { sourceTrackers: true });
  await tracker.when(() => true);
});

test('chains: what the user names comes first and alone, nothing twice, 50 at most', () => {
  const carried = { tiers: [['http://a/', 'http://b/'], ['http://c/']], reach: 'public' as const };
  const chains = (announceTo: EngineOptions['announceTo']) =>
    chainsOf(['http://n/', ['http://m/'], 'http://c/', 'ws://x/', 'javascript:1'], carried, announceTo).map(
      ({ tiers, reach }) => [reach, tiers],
    );
  const named = [
    ['named', [['http://n/']]],
    ['named', [['http://c/']]],
    ['named', [['http://m/']]],
  ];
  assert.deepEqual(chains('first'), [...named, ['public', [['http://a/', 'http://b/']]]]);
  assert.deepEqual(chains('every-tracker').slice(3), [
    ['public', [['http://a/']]],
    ['public', [['http://b/']]],
  ]);
  const many = Array.from({ length: 100 }, (_, at) => `http://${at}/`);
  assert.equal(chainsOf(many, carried, 'first').length, 50);
});

test('the order inside a tier is by chance, and whoever answered comes first', () => {
  const tier = ['a', 'b', 'c', 'd'];
  const firsts = new Set<string | undefined>();
  for (let at = 0; at < 200; at += 1) {
    firsts.add(new TrackerOrder({ tiers: [tier], reach: 'named' }, Math.random).at(0));
  }
  assert.deepEqual(firsts, new Set(tier));
  const order = new TrackerOrder({ tiers: [['x'], tier], reach: 'named' }, Math.random);
  order.answered('c');
  assert.deepEqual([order.at(0), order.at(1)], ['x', 'c']);
  assert.equal(order.at(5), undefined);
});

/** A tracker that counts how many ask at once, over how many connections. */
async function startCountingTracker(context: TestContext) {
  const count = { now: 0, most: 0, connections: 0, started: 0, stopped: 0 };
  const answer: RequestListener = (request, response) => {
    count.now += 1;
    count.most = Math.max(count.most, count.now);
    const { event } = parseAnnounceQuery((request.url ?? '').split('?')[1] ?? '');
    setTimeout(() => {
      count.now -= 1;
      if (event === 'started') count.started += 1;
      if (event === 'stopped') count.stopped += 1;
      response.end(encodeAnnounceResponse({ intervalSeconds: 1800, complete: 0, incomplete: 0, peers: [] }));
    }, 2);
  };
  const server = createServer(answer);
  server.on('connection', () => {
    count.connections += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { count, url: `http://127.0.0.1:${(server.address() as { port: number }).port}/announce` };
}

test('three hundred swarms announce eight at a time, over few connections, and all say goodbye', async (context) => {
  const { count, url } = await startCountingTracker(context);
  const { engine, path, metainfo } = await prepare(context);
  for (let at = 0; at < 300; at += 1) {
    const infoHashV2 = metainfo.infoHashV2.slice() as typeof metainfo.infoHashV2;
    infoHashV2[0] = at & 255;
    infoHashV2[1] = at >> 8;
    await engine.seed({ ...metainfo, infoHashV2 }, path, { trackers: [url], isVerified: true });
  }
  const deadline = performance.now() + 10_000;
  while (count.started < 300 && performance.now() < deadline)
    await new Promise((next) => setTimeout(next, 10));
  assert.equal(count.started, 300);
  const { connections } = count;
  await engine.close();
  assert.equal(count.stopped, 300);
  assert.ok(count.most <= 8, `${count.most} at once`);
  assert.ok(count.connections - connections < 60, `${count.connections - connections} for the farewells`);
});

test('the scheduler: so many at once, so many to a host, others meanwhile, each again when it wants to', async () => {
  const scheduler = new AnnounceScheduler(
    { now: () => performance.now(), random: () => 0 },
    { atOnce: 4, atOncePerHost: 3, spreadMs: 0 },
  );
  const running = new Map<string, number>();
  let most = 0;
  let mostOfHost = 0;
  const makeJob = (host: string) => {
    const job = {
      host,
      runs: 0,
      done: Promise.withResolvers<void>(),
      async run() {
        running.set(host, (running.get(host) ?? 0) + 1);
        most = Math.max(
          most,
          [...running.values()].reduce((sum, each) => sum + each, 0),
        );
        mostOfHost = Math.max(mostOfHost, ...running.values());
        await new Promise((next) => setTimeout(next, 1));
        running.set(host, (running.get(host) ?? 0) - 1);
        job.runs += 1;
        if (job.runs < 3) return 5;
        job.done.resolve();
        return undefined;
      },
    };
    return job;
  };
  const jobs = Array.from({ length: 40 }, (_, at) => makeJob(at < 36 ? 'busy' : 'other'));
  for (const job of jobs) scheduler.add(job, true);
  const gone = jobs.slice(0, 4);
  await Promise.all(gone.map((job) => scheduler.remove(job)));
  const runsOfGone = gone.map(({ runs }) => runs);
  await Promise.all(jobs.slice(4).map(({ done }) => done.promise));
  assert.deepEqual(
    gone.map(({ runs }) => runs),
    runsOfGone,
    'what was removed never runs again',
  );
  assert.equal(most, 4);
  assert.equal(mostOfHost, 3);
});

test('the heap gives items in the order of their time, whatever was set and removed', () => {
  const steps = fc.array(fc.tuple(fc.nat(20), fc.option(fc.nat(1000))), { maxLength: 200 });
  fc.assert(
    fc.property(steps, (changes) => {
      const heap = new DueHeap<number>();
      const model = new Map<number, number>();
      for (const [item, dueMs] of changes) {
        if (dueMs === null) heap.remove(item);
        else heap.set(item, dueMs);
        if (dueMs === null) model.delete(item);
        else model.set(item, dueMs);
        assert.equal(heap.size, model.size);
        assert.equal(heap.nextDueMs, Math.min(Number.POSITIVE_INFINITY, ...model.values()));
      }
      assert.equal(heap.take(-1), undefined);
      const times: unknown[] = [];
      for (let item = heap.take(1000); item !== undefined; item = heap.take(1000))
        times.push(model.get(item));
      assert.deepEqual(
        times,
        [...model.values()].sort((first, second) => first - second),
      );
    }),
  );
});
