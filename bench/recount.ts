// The count: `node bench/recount.ts [--size N] [--signatures N] [--write]`.
//
// Counts histories of 10,000 entries up to N (1,000,000 unless told) from scratch, each in a process of its own: the
// time of the count alone, what single entries took, and the most memory that the process held, the making of the
// history included, with a heap of at most 750 MB. Then the signatures: how many envelopes a second all processors read and verify, and how long they
// would take for N. --write puts the growth into docs/recount-growth.json and .svg.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { VerifyPool } from '../src/statement/index.ts';
import { countHistory } from './recount-history.ts';
import { commitments } from './support/log-entries.ts';
import { plotSvg } from './support/plot.ts';

interface RecountPoint {
  readonly entries: number;
  readonly builders: number;
  readonly eligible: number;
  readonly countSeconds: number;
  /** Computing what the log owes, the hashing of each state's map included: whoever counts a log again does that too. */
  readonly dueSeconds: number;
  /** Microseconds that single entries took. */
  readonly meanMicroseconds: number;
  readonly p99Microseconds: number;
  readonly slowestMicroseconds: number;
  readonly slowestKind: string;
  /** Entries that took more than a millisecond: by garbage collection. */
  readonly aboveOneMs: number;
  /** `state` entries, and what the map of one took: milliseconds, median and most. */
  readonly states: number;
  readonly stateMs: number;
  readonly slowestStateMs: number;
  /** Most resident memory of the process. */
  readonly peakMB: number;
}

/** The heap that each recount may grow to: more would only be garbage that is not collected yet. */
const HEAP = '--max-old-space-size=750';

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '1000000' },
    signatures: { type: 'string', default: '20000' },
    only: { type: 'string' },
    write: { type: 'boolean' },
  },
});

if (values.only === undefined) await all(Number(values.size));
else console.log(JSON.stringify(measure(Number(values.only))));

async function all(most: number): Promise<void> {
  const sizes = [10_000, 30_000, 100_000, 300_000, 1_000_000].filter((size) => size <= most);
  const points = sizes.map((size) => {
    const file = fileURLToPath(import.meta.url);
    const output = execFileSync(process.execPath, [HEAP, file, '--only', String(size)], { encoding: 'utf8' });
    const point = JSON.parse(output) as RecountPoint;
    console.log(output.trim());
    return point;
  });
  const rate = await signatureRate(Number(values.signatures));
  const processors = availableParallelism();
  console.log(
    `signatures: ${Math.round(rate)} envelopes a second on ${processors} processors, ${Math.round(most / rate)} s for ${most}`,
  );
  if (values.write === true) write(points);
}

/** One history, counted in this process. */
function measure(entries: number): RecountPoint {
  const builders = Math.round(entries / 10);
  const figures = countHistory({ entries, builders, releases: 40, outsiders: 10, seed: 'recount' });
  const sorted = figures.microseconds.toSorted();
  const [slowest] = figures.slowest;
  const states = figures.stateMs.toSorted((left, right) => left - right);
  return {
    entries: figures.entries,
    builders: figures.tally.builders.size,
    eligible: figures.tally.eligibleCount,
    countSeconds: round(figures.countSeconds),
    dueSeconds: round(figures.dueSeconds),
    meanMicroseconds: round((figures.countSeconds * 1e6) / figures.entries),
    p99Microseconds: round(sorted[Math.floor(sorted.length * 0.99)] ?? 0),
    slowestMicroseconds: round(sorted.at(-1) ?? 0),
    slowestKind: slowest?.kind ?? '',
    aboveOneMs: sorted.filter((each) => each > 1000).length,
    states: states.length,
    stateMs: round(states[states.length >> 1] ?? 0),
    slowestStateMs: round(states.at(-1) ?? 0),
    peakMB: Math.round(process.resourceUsage().maxRSS / 1024),
  };
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
    {
      title: 'count from scratch: seconds',
      values: points.map((point) => point.countSeconds + point.dueSeconds),
    },
    { title: 'one entry, mean: µs', values: points.map((point) => point.meanMicroseconds) },
    { title: 'one entry, 99th of 100: µs', values: points.map((point) => point.p99Microseconds) },
    { title: 'most memory: MB', values: points.map((point) => point.peakMB) },
  ];
  writeFileSync(path('svg'), plotSvg(sizes, lines));
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
