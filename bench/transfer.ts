// Moving a torrent over loopback, ours against others: `node bench/transfer.ts [--mib N] [--runs N] [--pairs A-B,…]`.
//
// One seeder, one downloader, each in a process of its own. Runs of the pairs alternate after one that does not count,
// medians are compared. The content is on the same disk for all, in the page cache; every seeder has hashed it before
// the clock starts, but for two: `resumed` is libtorrent as after a restart, which takes its resume data's word that all
// is there, and `trusting` is libtorrent in its seed mode, which hashes a piece when it first sends it. Hashing leaves its
// mapped pages in place, so that it then seeds faster. Ours has no such states: it trusts nothing that it did not hash
// since it was started. `engine` is ours with the optional native part of SHA-256, which is compiled first where that is
// possible (as by `npm run native`), and `plain` is ours without it. Processor time counts from the moment the downloader
// is told to begin, of all threads; the peak of memory is that of the whole life of the process, and for libtorrent, which maps its
// files, holds parts of those. Each run finds memory that the machine has: see bench/support/warm-memory.ts. What each
// client says of its version and settings is printed below the figures.
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createTorrent } from '../src/torrent/index.ts';
import { prepareNativePart } from './support/native-part.ts';
import { playTransfer, type TransferOrder } from './support/transfer-child.ts';
import {
  type ClientName,
  runTransfer,
  SideEndedError,
  type TransferFigures,
} from './support/transfer-run.ts';

const MIB = 1024 * 1024;
const SETTINGS = `Settings: TCP over 127.0.0.1, encryption off on both sides, no DHT, no local discovery, no port mapping, one
connection. Pieces as long as libtorrent would choose, the same for all; a v2 torrent, for WebTorrent a hybrid of the
same pieces (it speaks v1). Everything else is each client's default, named below; WebTorrent without uTP.`;
const PAIRS = [
  'engine-engine',
  'plain-plain',
  'engine-libtorrent',
  'libtorrent-engine',
  'libtorrent-libtorrent',
  'resumed-libtorrent',
  'trusting-libtorrent',
  'webtorrent-webtorrent',
];

const { values, positionals } = parseArgs({
  options: {
    mib: { type: 'string', default: '1024' },
    runs: { type: 'string', default: '5' },
    pairs: { type: 'string', default: PAIRS.join(',') },
    play: { type: 'string' },
  },
  allowPositionals: true,
});
if (values.play === undefined) await bench();
else await play(values.play as ClientName, JSON.parse(positionals[0] ?? '') as TransferOrder);

async function play(client: ClientName, order: TransferOrder): Promise<void> {
  if (client === 'engine' || client === 'plain') {
    const { openEngine } = await import('./support/transfer-engine.ts');
    await playTransfer(order, await openEngine(order));
  } else {
    const { openWebTorrent } = await import('./support/transfer-webtorrent.ts');
    await playTransfer(order, await openWebTorrent(order));
  }
}

async function bench(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bitquorum-bench-'));
  const mib = Number(values.mib);
  const hasNative = prepareNativePart();
  const pairs = values.pairs.split(',').filter((pair) => hasNative || pair !== 'plain-plain');
  const settings = new Map<ClientName, string>();
  const figures = new Map<string, TransferFigures[]>(pairs.map((pair) => [pair, []]));
  try {
    const source = join(folder, 'source');
    mkdirSync(source);
    writeContent(join(source, 'content'), mib);
    syncFile(join(source, 'content')); // so that nothing is written behind the runs
    const torrents = { v2: join(folder, 'v2.torrent'), hybrid: join(folder, 'hybrid.torrent') };
    for (const profile of ['v2', 'hybrid'] as const) {
      const { torrent } = await createTorrent(join(source, 'content'), { profile });
      writeFileSync(torrents[profile], torrent);
    }
    for (let run = 0; run <= Number(values.runs); run += 1) {
      for (const [pair, list] of figures) {
        const [seeder, downloader] = pair.split('-') as [ClientName, ClientName];
        const target = join(folder, 'target');
        const torrent = pair.includes('webtorrent') ? torrents.hybrid : torrents.v2;
        const plan = { torrent, source, target, sizeBytes: mib * MIB };
        const measured = await runAgain(() => {
          rmSync(target, { recursive: true, force: true });
          mkdirSync(target);
          return runTransfer({ seeder, downloader }, plan);
        });
        for (const [client, text] of measured.settings) settings.set(client, text);
        rmSync(target, { recursive: true });
        if (run > 0) list.push(measured); // the first run finds memory cold
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(`${mib} MiB, median of ${values.runs} alternating runs. ${SETTINGS}\n`);
  report(figures, mib);
  console.log('');
  for (const text of settings.values()) console.log(text);
}

/** Runs a transfer once more when a side crashed, and says so. */
async function runAgain(run: () => Promise<TransferFigures>): Promise<TransferFigures> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof SideEndedError)) throw error;
    console.error(`${error.message}; this transfer is run again`);
    return run();
  }
}

function writeContent(path: string, mib: number): void {
  const block = randomBytes(MIB);
  const handle = openSync(path, 'w');
  for (let index = 0; index < mib; index += 1) {
    block.writeUInt32LE(index);
    writeSync(handle, block);
  }
  closeSync(handle);
}

function syncFile(path: string): void {
  const handle = openSync(path, 'r');
  fsyncSync(handle);
  closeSync(handle);
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((left, right) => left - right)[Math.floor(numbers.length / 2)] as number;
}

function report(figures: ReadonlyMap<string, readonly TransferFigures[]>, mib: number): void {
  const speeds = new Map<string, number>();
  console.log(
    'seeder → downloader          MB/s   CPU s/GiB seeder, downloader   peak MiB seeder, downloader',
  );
  for (const [pair, runs] of figures) {
    const of = (pick: (run: TransferFigures) => number): number => median(runs.map(pick));
    const speed = (mib * MIB) / 1e6 / of(({ seconds }) => seconds);
    const perGib = (pick: (run: TransferFigures) => number): string => ((of(pick) * 1024) / mib).toFixed(2);
    speeds.set(pair, speed);
    const [seeder, downloader] = pair.split('-') as [string, string];
    console.log(
      [
        `${seeder} → ${downloader}`.padEnd(26),
        speed.toFixed(0).padStart(6),
        perGib((run) => run.seeder.cpuSeconds).padStart(19),
        perGib((run) => run.downloader.cpuSeconds).padStart(11),
        of((run) => run.seeder.peakMib)
          .toFixed(0)
          .padStart(17),
        of((run) => run.downloader.peakMib)
          .toFixed(0)
          .padStart(11),
      ].join(''),
    );
  }
  for (const [pair, other] of [
    ['engine-engine', 'libtorrent-libtorrent'],
    ['engine-engine', 'resumed-libtorrent'],
    ['engine-engine', 'trusting-libtorrent'],
    ['engine-engine', 'webtorrent-webtorrent'],
    ['plain-plain', 'libtorrent-libtorrent'],
    ['plain-plain', 'resumed-libtorrent'],
    ['plain-plain', 'trusting-libtorrent'],
    ['plain-plain', 'webtorrent-webtorrent'],
    ['engine-libtorrent', 'libtorrent-libtorrent'],
    ['libtorrent-engine', 'libtorrent-libtorrent'],
  ] as const) {
    const [speed, base] = [speeds.get(pair), speeds.get(other)];
    if (speed && base) console.log(`${pair} is ${(speed / base).toFixed(2)} times as fast as ${other}`);
  }
}
