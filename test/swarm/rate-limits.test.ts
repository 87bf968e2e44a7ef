// Upload and download limits between real engines: measured rates, fair shares, changes while it runs.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Engine } from '../../src/swarm/index.ts';
import { type MadeTorrent, makeTorrent, patternBytes, temporaryFolder } from './content.ts';
import { startScripted } from './scripted-peer.ts';

const KIB = 1024;
const RATE = 512 * KIB;
type Options = ConstructorParameters<typeof Engine>[0];

async function contentOf(context: TestContext, sizeBytes: number): Promise<MadeTorrent> {
  const folder = await temporaryFolder(context);
  return makeTorrent(folder, 'content', { '': patternBytes(sizeBytes, sizeBytes) }, 'v2');
}

async function seederOf(context: TestContext, made: MadeTorrent, options: Options = {}) {
  const engine = new Engine(options);
  context.after(() => engine.close());
  const address = await engine.listen();
  return { engine, address, swarm: await engine.seed(made.metainfo, made.path, { isVerified: true }) };
}

/** Fetches in an engine of its own; `rate` is the mean over the time in which blocks came. */
async function fetching(
  context: TestContext,
  made: MadeTorrent,
  peers: readonly { host: string; port: number }[],
  options: Options = {},
) {
  const engine = new Engine(options);
  context.after(() => engine.close());
  const samples: { readonly ms: number; readonly bytes: number }[] = [];
  const done = engine.download(made.metainfo, {
    folder: join(await temporaryFolder(context), 'out'),
    peers,
    signal: AbortSignal.timeout(25_000),
    onProgress: (progress) => {
      const bytes = progress.downloadedBytes;
      if (bytes > 0 && progress.phase === 'downloading') samples.push({ ms: performance.now(), bytes });
    },
  });
  done.catch(() => undefined); // whoever waits hears of it
  const rate = async (): Promise<number> => {
    await done;
    const [first, last] = [samples[0], samples.at(-1)];
    assert.ok(first && last && last.ms - first.ms > 1000, 'it was watched for longer than a second');
    return (last.bytes - first.bytes) / ((last.ms - first.ms) / 1000);
  };
  return { engine, done, rate };
}

/** How much a counter grows in a second, watched for so long; on a busy machine that becomes longer. */
async function measured(count: () => number, milliseconds: number): Promise<number> {
  const [startedMs, before] = [performance.now(), count()];
  await sleep(milliseconds);
  return (count() - before) / ((performance.now() - startedMs) / 1000);
}

/** Waits for a transfer to begin: starting takes a while on a busy machine. */
async function until(holds: () => boolean): Promise<void> {
  const endMs = performance.now() + 10_000;
  while (!holds()) {
    assert.ok(performance.now() < endMs, 'nothing began in ten seconds');
    await sleep(20);
  }
}

function mustBeNear(actual: number, wanted: number, tolerance: number): void {
  const share = actual / wanted;
  assert.ok(
    share > 1 - tolerance && share < 1 + tolerance,
    `${Math.round(actual)} bytes a second are ${share.toFixed(2)} of the limit`,
  );
}

describe('rate limits', { concurrency: true }, () => {
  for (const [what, seederOptions, leecherOptions] of [
    ['an upload limit', { uploadBytesPerSecond: RATE }, {}],
    ['a download limit', {}, { downloadBytesPerSecond: RATE }],
    [
      'a download limit, encrypted',
      { encryption: 'require' },
      { downloadBytesPerSecond: RATE, encryption: 'require' },
    ],
  ] as const) {
    test(`${what} is kept within 15 %`, async (context) => {
      const made = await contentOf(context, RATE * 4);
      const { address } = await seederOf(context, made, seederOptions);
      mustBeNear(await (await fetching(context, made, [address], leecherOptions)).rate(), RATE, 0.15);
    });
  }

  test('a rate far above what a block takes is kept too', async (context) => {
    const rate = 8 * KIB * KIB;
    const made = await contentOf(context, rate * 3);
    const { address } = await seederOf(context, made, { uploadBytesPerSecond: rate });
    mustBeNear(await (await fetching(context, made, [address])).rate(), rate, 0.2);
  });

  test('two peers share an upload limit alike', async (context) => {
    const made = await contentOf(context, RATE * 6);
    const { address } = await seederOf(context, made, { uploadBytesPerSecond: RATE });
    const both = [await fetching(context, made, [address]), await fetching(context, made, [address])];
    const counts = both.map(
      ({ engine }) =>
        () =>
          engine.swarms[0]?.progress.downloadedBytes ?? 0,
    );
    await until(() => counts.every((count) => count() > 0));
    const rates = await Promise.all(counts.map((count) => measured(count, 2000)));
    for (const rate of rates) mustBeNear(rate, RATE / 2, 0.2);
  });

  test('two seeders are asked alike under a download limit', async (context) => {
    const made = await contentOf(context, RATE * 3);
    const seeders = [await seederOf(context, made), await seederOf(context, made)];
    const addresses = seeders.map(({ address }) => address);
    await (await fetching(context, made, addresses, { downloadBytesPerSecond: RATE })).done;
    for (const { swarm } of seeders) {
      const share = swarm.progress.uploadedBytes / made.metainfo.sizeBytes;
      assert.ok(share > 0.3 && share < 0.7, `one seeder sent ${share.toFixed(2)} of it`);
    }
  });

  test('a swarm’s own limit holds besides the engine’s, and leaves the rest to others', async (context) => {
    const slow = await contentOf(context, RATE);
    const fast = await contentOf(context, RATE * 3);
    const { engine, address, swarm } = await seederOf(context, slow, { uploadBytesPerSecond: RATE });
    swarm.setLimits({ uploadBytesPerSecond: RATE / 4 });
    await engine.seed(fast.metainfo, fast.path, { isVerified: true });
    const [slowFetch, fastFetch] = [
      await fetching(context, slow, [address]),
      await fetching(context, fast, [address]),
    ];
    const [slowRate, fastRate] = await Promise.all([slowFetch.rate(), fastFetch.rate()]);
    mustBeNear(slowRate, RATE / 4, 0.2);
    mustBeNear(fastRate, (RATE * 3) / 4, 0.2);
  });

  test('limits change while it runs, in both directions', async (context) => {
    const made = await contentOf(context, 8 * KIB * KIB);
    const { engine, address, swarm } = await seederOf(context, made, { uploadBytesPerSecond: 256 * KIB });
    const { done } = await fetching(context, made, [address]);
    await until(() => swarm.progress.uploadedBytes > 0);
    const sent = (): number => swarm.progress.uploadedBytes;
    const early = await measured(sent, 1500);
    assert.ok(early < 400 * KIB && early > 100 * KIB, `${early} bytes a second at first`);
    engine.setLimits({ uploadBytesPerSecond: 2 * KIB * KIB });
    const fast = await measured(sent, 1000);
    assert.ok(fast > 1.2 * KIB * KIB, `${fast} bytes a second after it was raised`);
    engine.setLimits({ uploadBytesPerSecond: 32 * KIB });
    const slow = await measured(sent, 1000);
    assert.ok(slow < 100 * KIB, `${slow} bytes a second after it was lowered`);
    assert.deepEqual(engine.limits, { uploadBytesPerSecond: 32 * KIB, downloadBytesPerSecond: 0 });
    engine.setLimits({ uploadBytesPerSecond: 0 });
    await done;
  });

  test('a download limit that is taken away lets go what it held back', async (context) => {
    const made = await contentOf(context, 4 * KIB * KIB);
    const { address } = await seederOf(context, made);
    const { engine, done } = await fetching(context, made, [address], { downloadBytesPerSecond: 32 * KIB });
    const received = (): number => engine.statistics.downloadedBytes;
    await until(() => received() > 0);
    const slow = await measured(received, 1500);
    assert.ok(slow < 64 * KIB, `${slow} bytes a second`);
    engine.setLimits({ downloadBytesPerSecond: 0 });
    const startedMs = performance.now();
    await done;
    assert.ok(performance.now() - startedMs < 10_000, 'at 32 KiB a second it would have taken two minutes');
  });

  test('peers that we ourselves hold back are not let go as stalled', async (context) => {
    const made = await contentOf(context, 160 * KIB);
    const bytes = patternBytes(160 * KIB, 160 * KIB);
    const peers = await Promise.all(
      [1, 2, 3, 4].map((at) =>
        startScripted(
          context,
          `127.0.31.${at}`,
          made.metainfo,
          ({ pieceIndex, begin, length }) => {
            const start = pieceIndex * made.metainfo.pieceLength + begin;
            return bytes.subarray(start, start + length);
          },
          {},
        ),
      ),
    );
    const { done } = await fetching(context, made, peers, {
      downloadBytesPerSecond: 24 * KIB,
      stallTimeoutMs: 1500, // each of them sends a block in three seconds,
    });
    const { progress } = await done;
    assert.ok(progress.wastedBytes < 100 * KIB, `${progress.wastedBytes} bytes came twice`);
    for (const { lines } of peers) assert.equal(lines.length, 1, 'connected once, and kept');
  });

  test('a limit that is no rate is refused by name', async () => {
    const wrong = { code: 'bad-limit', message: /uploadBytesPerSecond is -1/ };
    assert.throws(() => new Engine({ uploadBytesPerSecond: -1 }), wrong);
    const engine = new Engine();
    assert.throws(() => engine.setLimits({ downloadBytesPerSecond: Number.NaN }), { code: 'bad-limit' });
    await engine.close();
  });
});
