// Making torrents, ours against libtorrent with as many threads: `node bench/create.ts [--threads N] [--runs N]`.
//
// libtorrent's Python binding hashes on one thread. To give it N, N processes make torrents of an Nth of the content
// each, at the same time: more than one process with N threads could do. Runs alternate, medians are compared;
// above 1 we are faster. The processor time beside it tells the same on a machine that others use too. The content
// is in the page cache.
import { spawn } from 'node:child_process';
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
import { createTorrent, type Profile } from '../src/torrent/index.ts';
import { programOf } from '../test/support/needs.ts';

const MIB = 1024 * 1024;
const LARGE_BYTES = 2048 * MIB;
const SMALL_FILES = 20_000;
const SMALL_BYTES = 20_000;

const SCRIPT = fileURLToPath(new URL('./support/libtorrent_create.py', import.meta.url));

const { values } = parseArgs({ options: { threads: { type: 'string' }, runs: { type: 'string' } } });
const threads = Number(values.threads ?? availableParallelism());
const runs = Number(values.runs ?? 5);

/** Some content: as one path for us, and cut into one part a thread for libtorrent. */
interface Content {
  readonly title: string;
  readonly path: string;
  readonly parts: readonly string[];
}

function largeFile(folder: string): Content {
  const block = randomBytes(MIB);
  const write = (path: string, size: number): string => {
    const handle = openSync(path, 'w');
    for (let done = 0; done < size; done += MIB) {
      block.writeUInt32LE(done / MIB);
      writeSync(handle, block);
    }
    fsyncSync(handle); // so that nothing is written behind the runs
    closeSync(handle);
    return path;
  };
  const path = write(join(folder, 'large'), LARGE_BYTES);
  const parts = Array.from({ length: threads }, (_, index) =>
    write(join(folder, `large-${index}`), LARGE_BYTES / threads),
  );
  return { title: 'one file of 2 GiB', path, parts };
}

function manyFiles(folder: string): Content {
  const path = join(folder, 'many');
  const parts = Array.from({ length: threads }, (_, index) => join(folder, `many-${index}`));
  for (let index = 0; index < SMALL_FILES; index += 1) {
    const content = randomBytes(SMALL_BYTES);
    for (const root of [path, parts[index % threads] as string]) {
      const below = join(root, `${index % 100}`);
      mkdirSync(below, { recursive: true });
      writeFileSync(join(below, `file-${index}`), content);
    }
  }
  return { title: `${SMALL_FILES.toLocaleString('en')} files of ${SMALL_BYTES / 1000} kB`, path, parts };
}

/** libtorrent in a process of its own, asked as often as one likes. */
class Libtorrent {
  readonly #child = spawn(programOf('libtorrent'), [SCRIPT], { stdio: ['pipe', 'pipe', 'inherit'] });
  readonly #lines = createInterface({ input: this.#child.stdout });

  async make(path: string, profile: Profile, pieceLength: number): Promise<number> {
    const answer = once(this.#lines, 'line');
    this.#child.stdin.write(`${JSON.stringify({ path, profile, pieceLength })}\n`);
    const [line] = (await answer) as [string];
    return Number(line);
  }

  end(): void {
    this.#child.stdin.end();
  }
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
const others = Array.from({ length: threads }, () => new Libtorrent());
try {
  console.log(`making torrents, ${threads} threads each, median of ${runs} alternating runs`);
  for (const content of [largeFile(folder), manyFiles(folder)]) {
    for (const profile of ['v2', 'hybrid'] as const satisfies Profile[]) {
      const { metainfo } = await createTorrent(content.path, { profile, threads });
      const ours = async (): Promise<undefined> => {
        await createTorrent(content.path, { profile, threads });
      };
      const theirs = async (): Promise<number> => {
        const made = content.parts.map((part, index) =>
          (others[index] as Libtorrent).make(part, profile, metainfo.pieceLength),
        );
        return (await Promise.all(made)).reduce((sum, each) => sum + each, 0);
      };
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
  for (const other of others) other.end();
  rmSync(folder, { recursive: true, force: true });
}
