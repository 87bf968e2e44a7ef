// Making torrents, ours against libtorrent with as many threads: `node bench/create.ts [--threads N] [--runs N]`.
//
// libtorrent's Python binding hashes on one thread. To give it N, N processes make torrents of an Nth of the content
// each, at the same time: more than one process with N threads could do. Runs alternate, medians are compared;
// above 1 we are faster. The content is in the page cache.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
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

  async make(path: string, profile: Profile, pieceLength: number): Promise<void> {
    const answer = once(this.#lines, 'line');
    this.#child.stdin.write(`${JSON.stringify({ path, profile, pieceLength })}\n`);
    await answer;
  }

  end(): void {
    this.#child.stdin.end();
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function median(times: readonly number[]): number {
  return times.toSorted((left, right) => left - right)[Math.floor(times.length / 2)] as number;
}

const folder = mkdtempSync(join(tmpdir(), 'bitquorum-bench-'));
const others = Array.from({ length: threads }, () => new Libtorrent());
try {
  console.log(`making torrents, ${threads} threads each, median of ${runs} alternating runs`);
  for (const content of [largeFile(folder), manyFiles(folder)]) {
    for (const profile of ['v2', 'hybrid'] as const satisfies Profile[]) {
      const { metainfo } = await createTorrent(content.path, { profile, threads });
      const ours = (): Promise<unknown> => createTorrent(content.path, { profile, threads });
      const theirs = (): Promise<unknown> =>
        Promise.all(
          content.parts.map((part, index) =>
            (others[index] as Libtorrent).make(part, profile, metainfo.pieceLength),
          ),
        );
      await theirs();
      const times: [number[], number[]] = [[], []];
      for (let run = 0; run < runs; run += 1) {
        times[0].push(await timed(ours));
        times[1].push(await timed(theirs));
      }
      const [own, other] = [median(times[0]), median(times[1])];
      console.log(
        `${content.title.padEnd(24)} ${profile.padEnd(7)} ours ${own.toFixed(0).padStart(5)} ms` +
          `  libtorrent ${other.toFixed(0).padStart(5)} ms  ratio ${(other / own).toFixed(2)}`,
      );
    }
  }
} finally {
  for (const other of others) other.end();
  rmSync(folder, { recursive: true, force: true });
}
