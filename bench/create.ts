// Making torrents, ours against libtorrent with as many threads: `node bench/create.ts [--threads N] [--runs N]`.
//
// libtorrent is asked by a small program (bench/support/libtorrent_create.cpp) with its setting `hashing_threads`, which
// its Python binding does not reach; it needs g++ and Debian's libtorrent-rasterbar-dev. Runs alternate, medians are
// compared; above 1 we are faster. The processor time beside it tells the same on a machine that others use too. The
// content is in the page cache.
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
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
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { hashedBy } from '../src/sha256/index.ts';
import { createTorrent, type Profile } from '../src/torrent/index.ts';

const MIB = 1024 * 1024;
const LARGE_BYTES = 2048 * MIB;
const SMALL_FILES = 20_000;
const SMALL_BYTES = 20_000;

const SOURCE = fileURLToPath(new URL('./support/libtorrent_create.cpp', import.meta.url));

const { values } = parseArgs({ options: { threads: { type: 'string' }, runs: { type: 'string' } } });
const threads = Number(values.threads ?? availableParallelism());
const runs = Number(values.runs ?? 5);

interface Content {
  readonly title: string;
  readonly path: string;
}

function largeFile(folder: string): Content {
  const block = randomBytes(MIB);
  const path = join(folder, 'large');
  const handle = openSync(path, 'w');
  for (let done = 0; done < LARGE_BYTES; done += MIB) {
    block.writeUInt32LE(done / MIB);
    writeSync(handle, block);
  }
  fsyncSync(handle); // so that nothing is written behind the runs
  closeSync(handle);
  return { title: 'one file of 2 GiB', path };
}

function manyFiles(folder: string): Content {
  const path = join(folder, 'many');
  for (let index = 0; index < SMALL_FILES; index += 1) {
    const below = join(path, `${index % 100}`);
    mkdirSync(below, { recursive: true });
    writeFileSync(join(below, `file-${index}`), randomBytes(SMALL_BYTES));
  }
  return { title: `${SMALL_FILES.toLocaleString('en')} files of ${SMALL_BYTES / 1000} kB`, path };
}

/** libtorrent in a process of its own, asked as often as one likes. */
class Libtorrent {
  readonly #child;
  readonly #lines;

  constructor(program: string) {
    this.#child = spawn(program, [], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#child.stdout });
  }

  async make(path: string, profile: Profile, pieceLength: number): Promise<number> {
    const answer = once(this.#lines, 'line');
    this.#child.stdin.write(`${profile} ${pieceLength} ${threads} ${path}\n`);
    const [line] = (await answer) as [string];
    return Number(line);
  }

  end(): void {
    this.#child.stdin.end();
  }
}

/** libtorrent's side, made by the C++ compiler of this machine. */
function compiled(folder: string): string {
  const program = join(folder, 'libtorrent_create');
  try {
    execFileSync('g++', ['-O2', '-std=c++17', SOURCE, '-o', program, '-ltorrent-rasterbar'], {
      stdio: 'pipe',
    });
  } catch (cause) {
    throw new Error(`${SOURCE} does not compile: install g++ and libtorrent-rasterbar-dev from Debian`, {
      cause,
    });
  }
  return program;
}

/** How long something took, by the clock and of processors, in milliseconds. */
interface Time {
  readonly wall: number;
  readonly processor: number;
}

/** @param work gives the processor time of others that did it; else that of this process is taken */
async function timed(work: () => Promise<number | undefined>): Promise<Time> {
  const before = process.cpuUsage();
  const started = performance.now();
  const processor = await work();
  const { user, system } = process.cpuUsage(before);
  return { wall: performance.now() - started, processor: processor ?? (user + system) / 1000 };
}

function median(times: readonly number[]): number {
  return times.toSorted((left, right) => left - right)[Math.floor(times.length / 2)] as number;
}

function report(title: string, ours: readonly Time[], theirs: readonly Time[]): void {
  const [own, other] = [ours, theirs].map((times) => ({
    wall: median(times.map(({ wall }) => wall)),
    processor: median(times.map(({ processor }) => processor)),
  })) as [Time, Time];
  const milliseconds = (time: number): string => `${time.toFixed(0).padStart(5)} ms`;
  console.log(
    `${title}  ours ${milliseconds(own.wall)}  libtorrent ${milliseconds(other.wall)}` +
      `  ratio ${(other.wall / own.wall).toFixed(2)}  (processor time ${(other.processor / own.processor).toFixed(2)})`,
  );
}

const folder = mkdtempSync(join(tmpdir(), 'bitquorum-bench-'));
let other: Libtorrent | undefined;
try {
  const libtorrent = new Libtorrent(compiled(folder));
  other = libtorrent;
  console.log(
    `making torrents, ${threads} threads each, median of ${runs} alternating runs; our SHA-256 by ${hashedBy}`,
  );
  for (const content of [largeFile(folder), manyFiles(folder)]) {
    for (const profile of ['v2', 'hybrid'] as const satisfies Profile[]) {
      const { metainfo } = await createTorrent(content.path, { profile, threads });
      const ours = async (): Promise<undefined> => {
        await createTorrent(content.path, { profile, threads });
      };
      const theirs = (): Promise<number> => libtorrent.make(content.path, profile, metainfo.pieceLength);
      await theirs();
      const times: { ours: Time[]; theirs: Time[] } = { ours: [], theirs: [] };
      for (let run = 0; run < runs; run += 1) {
        times.ours.push(await timed(ours));
        times.theirs.push(await timed(theirs));
      }
      report(`${content.title.padEnd(24)} ${profile.padEnd(7)}`, times.ours, times.theirs);
    }
  }
} finally {
  other?.end();
  rmSync(folder, { recursive: true, force: true });
}
