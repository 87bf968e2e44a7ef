// The count: `node bench/recount.ts [--size N] [--only N] [--signatures N] [--write]`.
//
// Counts histories of 10,000 entries up to N (1,000,000 unless told) from scratch, or one of --only N. One process makes
// a history and puts it into a file; three more, one after another, read and count it: the time of the count alone, what
// single entries took and what of that was their own work, pauses of the garbage collector, the most memory that a process
// held, and what the count holds in the end. Every `open`, `close`, `verdict`, `canary` and `state` is computed again and
// compared. Then the signatures: how many envelopes a second all processors read and verify, and how long they would take
// for N. --write puts the growth into docs/recount-growth.json and .svg.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { VerifyPool } from '../src/statement/index.ts';
import { makeHistory } from './recount-history.ts';
import { EntriesFile } from './support/entries-file.ts';
import { commitments } from './support/log-entries.ts';
import { plotSvg } from './support/plot.ts';
import { pointOf, type RecountPoint, readTimes } from './support/recount-point.ts';
import { countFile, type RecountRun } from './support/recount-run.ts';

/** How often each history is counted. */
const COUNTS = 3;

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '1000000' },
    signatures: { type: 'string', default: '20000' },
    only: { type: 'string' },
    /** What the processes are told that this one starts. */
    make: { type: 'string' },
    count: { type: 'string' },
    /** A history that was made before. */
    file: { type: 'string' },
    write: { type: 'boolean' },
  },
});

if (values.make !== undefined) make(Number(values.size), values.make);
else if (values.count !== undefined) console.log(JSON.stringify(await countFile(values.count)));
else if (values.only !== undefined) point(Number(values.only));
else await all(Number(values.size));

async function all(most: number): Promise<void> {
  const points = [10_000, 30_000, 100_000, 300_000, 1_000_000].filter((size) => size <= most).map(point);
  const rate = await signatureRate(Number(values.signatures));
  const processors = availableParallelism();
  console.log(
    `signatures: ${Math.round(rate)} envelopes a second on ${processors} processors, ${Math.round(most / rate)} s for ${most}`,
  );
  if (values.write === true) write(points);
}

/** One history, made in one process and counted in others. */
function point(size: number): RecountPoint {
  const folder = mkdtempSync(join(tmpdir(), 'recount-'));
  try {
    const file = values.file ?? join(folder, 'entries');
    if (values.file === undefined) run('--make', file, '--size', String(size));
    const runs = Array.from({ length: COUNTS }, () => {
      const figures = JSON.parse(run('--count', file)) as RecountRun;
      return { ...figures, ...readTimes(file) };
    });
    const figures = pointOf(runs);
    console.log(JSON.stringify(figures));
    return figures;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function run(...args: string[]): string {
  return execFileSync(process.execPath, [fileURLToPath(import.meta.url), ...args], { encoding: 'utf8' });
}

function make(entries: number, path: string): void {
  const file = new EntriesFile(path);
  const builders = Math.round(entries / 10);
  makeHistory({ entries, builders, releases: 40, outsiders: 10, seed: 'recount' }, (entry) =>
    file.add(entry),
  );
  file.close();
}

/** Envelopes that the threads of a recount read and verify in a second, each by one signature of 64 keys. */
async function signatureRate(count: number): Promise<number> {
  const envelopes = commitments('bench.invalid/log', count);
  const pool = new VerifyPool();
  const run = async (some: readonly Uint8Array[]): Promise<void> => {
    for (let at = 0; at < some.length; at += 4096) {
      await Promise.all(some.slice(at, at + 4096).map((envelope) => pool.verify(envelope)));
    }
  };
  await run(envelopes.slice(0, count / 10));
  const started = performance.now();
  await run(envelopes);
  const seconds = (performance.now() - started) / 1000;
  await pool.close();
  return count / seconds;
}

function write(points: readonly RecountPoint[]): void {
  const path = (name: string): string =>
    fileURLToPath(new URL(`../docs/recount-growth.${name}`, import.meta.url));
  writeFileSync(path('json'), `${JSON.stringify(points, null, 2)}\n`);
  const sizes = points.map(({ entries }) => entries);
  const lines = [
    { title: 'count from scratch: seconds', values: points.map((point) => point.countSeconds) },
    { title: 'one entry, mean: µs', values: points.map((point) => point.meanMicroseconds) },
    { title: 'one entry, 99th of 100: µs', values: points.map((point) => point.p99Microseconds) },
    { title: 'most memory: MB', values: points.map((point) => point.peakMB) },
  ];
  writeFileSync(path('svg'), plotSvg(sizes, lines));
}
