// The log: `node bench/log.ts [--rates] [--growth] [--entries N] [--size N] [--write]`; both parts unless one is named.
//
// Rates: entries that are verified, durable and acknowledged, by 64 writers of which each waits for its acknowledgement,
// in process and over HTTP (where the tally also admits and counts them, and the writers are another process on the same
// processors), beside the bare Ed25519 verification rate of all processors in the same run, and beside one SQLite
// transaction an entry; medians of five rounds after one that does not count. Growth: a log filled up to N entries; an
// inclusion proof made and checked at each size. --write puts the growth into docs/log-growth.json and .svg.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { commitments, registrations } from './support/log-entries.ts';
import { measureGrowth } from './support/log-growth.ts';
import { bareRate, httpRate, inProcessRate } from './support/log-rates.ts';
import { plotSvg } from './support/plot.ts';

const { values } = parseArgs({
  options: {
    rates: { type: 'boolean' },
    growth: { type: 'boolean' },
    write: { type: 'boolean' },
    entries: { type: 'string', default: '100000' },
    size: { type: 'string', default: '1000000' },
  },
});
const both = values.rates !== true && values.growth !== true;
const ROUNDS = 5;
const BARE_SECONDS = 2;
/** Bytes of what a signature of an entry covers. */
const MESSAGE_BYTES = 600;

if (both || values.rates === true) await rates(Number(values.entries));
if (both || values.growth === true) await growth(Number(values.size));

async function rates(count: number): Promise<void> {
  const entries = commitments('bench.invalid/log', count);
  const shares: number[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const before = await bareRate(BARE_SECONDS, MESSAGE_BYTES);
    const rate = await inFolder((folder) => inProcessRate(folder, entries, 512));
    const bare = (before + (await bareRate(BARE_SECONDS, MESSAGE_BYTES))) / 2;
    if (round === 0) continue; // its code is not compiled yet, as it is in a tally that runs
    shares.push(rate / bare);
    print('bare Ed25519, all processors', bare);
    print('in process', rate, `, ${(rate / bare).toFixed(2)} of it`);
  }
  console.log(`in process, median share of the bare rate: ${median(shares).toFixed(2)}`);
  const some = entries.slice(0, Math.floor(count / 4));
  print('a transaction an entry', await inFolder((folder) => inProcessRate(folder, some, 1)));
  print(
    'over HTTP',
    await inFolder((folder) => httpRate(folder, (origin) => registrations(origin, Math.floor(count / 3)))),
  );
}

async function growth(most: number): Promise<void> {
  const sizes = [1000, 10_000, 100_000, 1_000_000].filter((size) => size <= most);
  const points = await inFolder((folder) => measureGrowth(folder, sizes));
  console.table(points);
  if (values.write !== true) return;
  const docs = fileURLToPath(new URL('../docs/', import.meta.url));
  writeFileSync(join(docs, 'log-growth.json'), `${JSON.stringify(points, undefined, 2)}\n`);
  const series = [
    { title: 'appends a second', values: points.map(({ appendsPerSecond }) => appendsPerSecond) },
    { title: 'proof made and checked, ms', values: points.map(({ proofMs }) => proofMs) },
    { title: 'opening the log, ms', values: points.map(({ openMs }) => openMs) },
  ];
  writeFileSync(join(docs, 'log-growth.svg'), plotSvg(sizes, series));
}

async function inFolder<Value>(use: (folder: string) => Promise<Value>): Promise<Value> {
  const folder = mkdtempSync(join(tmpdir(), 'bitquorum-bench-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function print(what: string, rate: number, more = ''): void {
  console.log(`${what}: ${Math.round(rate).toLocaleString('en')}/s${more}`);
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] as number;
}
