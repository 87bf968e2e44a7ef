// From a btmh magnet link to the first verified piece, ours against libtorrent: `node bench/magnet.ts [--runs N]`.
//
// A v2 torrent of 256 MiB with one seeder on 127.0.0.1 whose address is given; downloads alternate, each in a process of
// its own that listens already. The clock runs from the call that takes the link until a piece is verified: it takes
// the connection, the metadata, the piece hashes and their proof, and the piece. TCP, encryption off on both sides.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { Engine } from '../src/swarm/index.ts';
import { createTorrent, formatMagnet, parseMagnet, parseTorrent } from '../src/torrent/index.ts';
import { programOf } from '../test/support/needs.ts';
import { playSeeder, type SeederOrder } from './support/seeder-child.ts';
import { MeasuredSeeder, type SeederName } from './support/seeder-run.ts';

const MIB = 1024 * 1024;
const SIZE_MIB = 256;
const SCRIPT = fileURLToPath(new URL('./support/libtorrent_magnet.py', import.meta.url));
const run = promisify(execFile);

/** What one download is told. */
interface MagnetOrder {
  readonly magnet: string;
  readonly port: number;
  readonly folder: string;
}

const { values, positionals } = parseArgs({
  options: { runs: { type: 'string', default: '7' }, play: { type: 'boolean', default: false } },
  allowPositionals: true,
});
if (values.play) {
  const order = JSON.parse(positionals[0] ?? '') as MagnetOrder | SeederOrder;
  await ('magnet' in order ? playDownload(order) : playSeeder(order));
} else await bench();

/** Our engine as the one that downloads. */
async function playDownload({ magnet, port, folder }: MagnetOrder): Promise<void> {
  const engine = new Engine({ encryption: 'off' });
  await engine.listen();
  const started = performance.now();
  const download = await engine.start(parseMagnet(magnet), { folder, peers: [{ host: '127.0.0.1', port }] });
  for await (const chunk of download.read(0)) {
    if (chunk.length > 0) break;
  }
  process.stdout.write(`${JSON.stringify({ ms: performance.now() - started })}\n`, () => process.exit());
}

async function bench(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bitquorum-bench-'));
  try {
    const source = join(folder, 'source');
    mkdirSync(source);
    writeFileSync(join(source, 'content'), randomBytes(SIZE_MIB * MIB));
    const { torrent } = await createTorrent(join(source, 'content'), { profile: 'v2' });
    writeFileSync(join(source, 'content.torrent'), torrent);
    const magnet = formatMagnet({ infoHashV2: parseTorrent(torrent).infoHashV2 });
    console.log(
      `${SIZE_MIB} MiB, milliseconds to the first verified piece, median of ${values.runs} alternating runs\n`,
    );
    for (const name of ['engine', 'libtorrent'] as const) await compare(name, source, magnet, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Downloads by turns from one seeder. */
async function compare(name: SeederName, source: string, magnet: string, folder: string): Promise<void> {
  const seeder = new MeasuredSeeder(name, { folder: source });
  const { port } = await seeder.start();
  const times = { engine: [] as number[], libtorrent: [] as number[] };
  try {
    for (let turn = 0; turn <= Number(values.runs); turn += 1) {
      for (const client of ['engine', 'libtorrent'] as const) {
        const target = mkdtempSync(join(folder, 'target-'));
        const ms = await download(client, { magnet, port, folder: target });
        rmSync(target, { recursive: true });
        if (turn > 0) times[client].push(ms); // the first finds nothing warm
      }
    }
    await seeder.close();
  } finally {
    seeder.kill();
  }
  const [ours, theirs] = [median(times.engine), median(times.libtorrent)];
  console.log(
    `from ${name}: engine ${ours.toFixed(0)}, libtorrent ${theirs.toFixed(0)}; libtorrent takes ${(theirs / ours).toFixed(1)} times as long`,
  );
}

async function download(client: SeederName, order: MagnetOrder): Promise<number> {
  const text = JSON.stringify(order);
  const { stdout } =
    client === 'libtorrent'
      ? await run(programOf('libtorrent'), [SCRIPT, text])
      : await run(process.execPath, [fileURLToPath(import.meta.url), '--play', text], {
          env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'bitquorum-bench-cache') },
        });
  return (JSON.parse(stdout) as { ms: number }).ms;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((left, right) => left - right)[Math.floor(numbers.length / 2)] as number;
}
