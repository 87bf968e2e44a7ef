// What a seeder costs that nobody asks for anything: `node bench/seeder.ts [--torrents N] [--connections N] [--runs N]`.
//
// First many small torrents: how long until all are hashed and seeded, memory then, processor time while nothing
// happens, how long closing takes. Then one torrent with many idle connections from loopback addresses: memory for
// each, and processor time. Ours and libtorrent alternate, medians are compared.
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createTorrent, parseTorrent } from '../src/torrent/index.ts';
import { openIdlePeers } from './support/idle-peers.ts';
import { playSeeder, type SeederOrder } from './support/seeder-child.ts';
import { MeasuredSeeder, type SeederName } from './support/seeder-run.ts';

const CLIENTS: readonly SeederName[] = ['engine', 'libtorrent'];
const SMALL_BYTES = 100 * 1024;
const SETTINGS = `Settings: TCP over 127.0.0.1, encryption off, no DHT, no local discovery, no port mapping, no trackers; up to 5,000
connections. v2 torrents with the pieces that libtorrent would choose. Everything else is each client's default.`;
/** Until memory and timers have settled after something was opened. */
const SETTLE_MS = 3000;

const { values, positionals } = parseArgs({
  options: {
    torrents: { type: 'string', default: '5000' },
    connections: { type: 'string', default: '2000' },
    runs: { type: 'string', default: '3' },
    play: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
if (values.play) await playSeeder(JSON.parse(positionals[0] ?? '') as SeederOrder);
else await bench();

type Figures = Readonly<Record<string, number>>;

async function bench(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bitquorum-bench-'));
  const torrents = Number(values.torrents);
  const connections = Number(values.connections);
  const many = new Map<SeederName, Figures[]>(CLIENTS.map((client) => [client, []]));
  const idle = new Map<SeederName, Figures[]>(CLIENTS.map((client) => [client, []]));
  try {
    await makeTorrents(join(folder, 'many'), torrents);
    await makeTorrents(join(folder, 'one'), 1);
    for (const client of CLIENTS) await warmUp(client, join(folder, 'one'));
    for (let run = 0; run < Number(values.runs); run += 1) {
      for (const client of CLIENTS) {
        if (torrents > 0) many.get(client)?.push(await measureTorrents(client, join(folder, 'many')));
        if (connections > 0) {
          idle.get(client)?.push(await measureConnections(client, join(folder, 'one'), connections));
        }
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(`Median of ${values.runs} alternating runs. ${SETTINGS}`);
  if (torrents > 0) report(`${torrents} torrents of ${SMALL_BYTES / 1024} KiB`, many);
  if (connections > 0) report(`${connections} idle connections of one torrent`, idle);
}

async function makeTorrents(folder: string, count: number): Promise<void> {
  mkdirSync(folder);
  for (let index = 0; index < count; index += 1) {
    const path = join(folder, `content-${index}`);
    writeFileSync(path, randomBytes(SMALL_BYTES));
    const { torrent } = await createTorrent(path, { profile: 'v2', threads: 1 });
    writeFileSync(`${path}.torrent`, torrent);
  }
}

/** Compiled program text is kept from one process to the next, as it is for those that run for long. */
async function warmUp(client: SeederName, folder: string): Promise<void> {
  const seeder = new MeasuredSeeder(client, { folder });
  await seeder.start();
  await seeder.close();
}

async function measureTorrents(client: SeederName, folder: string): Promise<Figures> {
  const seeder = new MeasuredSeeder(client, { folder });
  try {
    const { seconds: start, emptyMib, rssMib: loadedMib } = await seeder.start();
    await sleep(SETTLE_MS);
    const { cpuSeconds } = await seeder.idle();
    const { rssMib } = await seeder.rss();
    const { seconds: close } = await seeder.close();
    const figures = { 'start, s': start, 'MiB empty': emptyMib, 'MiB loaded': loadedMib, 'MiB idle': rssMib };
    return { ...figures, 'idle CPU, ms/s': cpuSeconds * 1000, 'close, s': close };
  } finally {
    seeder.kill();
  }
}

async function measureConnections(client: SeederName, folder: string, count: number): Promise<Figures> {
  const seeder = new MeasuredSeeder(client, { folder });
  try {
    const { port } = await seeder.start();
    await sleep(SETTLE_MS);
    const { rssMib: before } = await seeder.rss();
    const { infoHashV2 } = parseTorrent(readFileSync(join(folder, 'content-0.torrent')));
    const sockets = await openIdlePeers(port, infoHashV2, count);
    await sleep(SETTLE_MS);
    const { cpuSeconds } = await seeder.idle();
    const { rssMib } = await seeder.rss();
    const open = sockets.filter(({ readyState }) => readyState === 'open').length;
    for (const socket of sockets) socket.destroy();
    await seeder.close();
    const figures = { 'still open': open, 'MiB before': before, 'MiB with all': rssMib };
    const each = ((rssMib - before) * 1024) / count;
    return { ...figures, 'KiB a connection': each, 'idle CPU, ms/s': cpuSeconds * 1000 };
  } finally {
    seeder.kill();
  }
}

function report(title: string, figures: ReadonlyMap<SeederName, readonly Figures[]>): void {
  console.log(`\n${title}`.padEnd(44), 'engine', 'libtorrent', '  ratio');
  const [ours, theirs] = CLIENTS.map((client) => figures.get(client) ?? []) as [Figures[], Figures[]];
  for (const name of Object.keys(ours[0] ?? {})) {
    const of = (runs: readonly Figures[]): number => median(runs.map((run) => run[name] as number));
    const [our, their] = [of(ours), of(theirs)];
    const cells = [
      our.toFixed(1).padStart(8),
      their.toFixed(1).padStart(10),
      (our / their).toFixed(2).padStart(7),
    ];
    console.log(name.padEnd(40), ...cells);
  }
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((left, right) => left - right)[Math.floor(numbers.length / 2)] as number;
}
