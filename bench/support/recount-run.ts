import { writeFileSync } from 'node:fs';
import { PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { KINDS, sha256 } from '../../src/statement/index.ts';
import { countEntry, emptyTally } from '../../src/tally/index.ts';
import { LOG_KEY, ORIGIN } from '../recount-history.ts';
import { readEntries } from './entries-file.ts';

/** One count of a whole file of entries. */
export interface RecountRun {
  readonly entries: number;
  readonly builders: number;
  readonly eligible: number;
  /** The counting alone, maps of `state` entries and the pauses within it included. */
  readonly countSeconds: number;
  readonly p99Microseconds: number;
  /** Entries that took more than a millisecond, whatever it was spent for. */
  readonly aboveOneMs: number;
  /** Pauses of the garbage collector in the whole process: seconds in all, and the longest in milliseconds. */
  readonly pauseSeconds: number;
  readonly longestPauseMs: number;
  /** Most resident memory of the process, which reads the entries from a file; and what the count holds at the end. */
  readonly peakMB: number;
  readonly heldMB: number;
}

interface Pause {
  readonly startMs: number;
  readonly ms: number;
}

/**
 * Counts the entries of a file from scratch, in this process. Into `<path>.times` goes what each entry took without the
 * pauses of the garbage collector, microseconds as 32-bit floats; into `<path>.kinds` its kind, a byte each.
 */
export async function countFile(path: string): Promise<RecountRun> {
  const pauses: Pause[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries())
      pauses.push({ startMs: startTime, ms: duration });
  });
  observer.observe({ entryTypes: ['gc'] });
  const tally = emptyTally({ origin: ORIGIN, logKey: LOG_KEY, sha256 });
  const spent = new SpentTime();
  for await (const entry of readEntries(path)) {
    const startMs = performance.now();
    countEntry(tally, entry);
    spent.note(KINDS.indexOf(entry.statement.kind), startMs, performance.now() - startMs);
  }
  await turn();
  await turn();
  observer.disconnect();
  const peakMB = Math.round((process.resourceUsage().maxRSS * 1024) / 1e6);
  if (tally.alarmsTotal > 0) throw new Error(`the count differs: ${JSON.stringify(tally.alarms[0])}`);
  const figures = {
    entries: tally.size,
    builders: tally.builders.size,
    eligible: tally.eligibleCount,
    ...spent.figures(),
    pauseSeconds: pauses.reduce((sum, { ms }) => sum + ms, 0) / 1000,
    longestPauseMs: Math.max(0, ...pauses.map(({ ms }) => ms)),
    peakMB,
    heldMB: heldMB(spent.bytes),
  };
  writeFileSync(`${path}.times`, spent.withoutPauses(pauses));
  writeFileSync(`${path}.kinds`, spent.kinds);
  return figures;
}

/** When each entry was counted, and how long that took. */
class SpentTime {
  #starts = new Float64Array(1 << 21);
  #times = new Float32Array(1 << 21);
  #kinds = new Uint8Array(1 << 21);
  #count = 0;
  #totalMs = 0;

  note(kind: number, startMs: number, ms: number): void {
    if (this.#count === this.#times.length) throw new Error('more entries than this bench is made for');
    this.#starts[this.#count] = startMs;
    this.#times[this.#count] = ms * 1000;
    this.#kinds[this.#count] = kind;
    this.#count += 1;
    this.#totalMs += ms;
  }

  /** Memory of its own. */
  get bytes(): number {
    return this.#starts.byteLength + this.#times.byteLength + this.#kinds.byteLength;
  }

  get kinds(): Uint8Array {
    return this.#kinds.subarray(0, this.#count);
  }

  figures(): Pick<RecountRun, 'countSeconds' | 'p99Microseconds' | 'aboveOneMs'> {
    const sorted = this.#times.subarray(0, this.#count).toSorted();
    return {
      countSeconds: this.#totalMs / 1000,
      p99Microseconds: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
      aboveOneMs: sorted.length - sorted.findLastIndex((each) => each <= 1000) - 1,
    };
  }

  /** Both come in the order of time. */
  withoutPauses(pauses: readonly Pause[]): Float32Array {
    const times = this.#times.slice(0, this.#count);
    let at = 0;
    for (const { startMs, ms } of pauses.toSorted((left, right) => left.startMs - right.startMs)) {
      while (at + 1 < this.#count && (this.#starts[at + 1] as number) <= startMs) at += 1;
      const untilMs = (this.#starts[at] as number) + (times[at] as number) / 1000;
      const within = Math.min(untilMs, startMs + ms) - Math.max(this.#starts[at] as number, startMs);
      if (within > 0) times[at] = Math.max(0, (times[at] as number) - within * 1000);
    }
    return times;
  }
}

/** What is still reachable but for some bytes: the heap after a whole collection, and memory beside it. */
function heldMB(except: number): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { used_heap_size, external_memory } = getHeapStatistics();
  return Math.round((used_heap_size + external_memory - except) / 1e6);
}
