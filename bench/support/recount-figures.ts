import { PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { sha256 } from '../../src/statement/index.ts';
import { countEntry, emptyTally, type Tally } from '../../src/tally/index.ts';
import { LOG_KEY, ORIGIN } from '../recount-history.ts';
import { readEntries } from './entries-file.ts';

/** An entry that takes longer is looked at. */
const SLOW_MS = 1;

export interface RecountPoint {
  readonly entries: number;
  readonly builders: number;
  readonly eligible: number;
  /** The counting alone, maps of `state` entries and garbage collections within it included. */
  readonly countSeconds: number;
  /** Microseconds that single entries took. */
  readonly meanMicroseconds: number;
  readonly p99Microseconds: number;
  /** Entries that took more than a millisecond, a pause of the garbage collector among it or not. */
  readonly aboveOneMs: number;
  /** Those that did without their pauses, by kind. */
  readonly ownAboveOneMs: Readonly<Record<string, number>>;
  /** The longest without its pauses: milliseconds and kind. */
  readonly slowestOwnMs: number;
  readonly slowestOwnKind: string;
  /** `state` entries, and what one took without pauses: milliseconds, median and most. */
  readonly states: number;
  readonly stateMs: number;
  readonly slowestStateMs: number;
  /** Pauses of the garbage collector in the whole process: seconds in all, and the longest in milliseconds. */
  readonly pauseSeconds: number;
  readonly longestPauseMs: number;
  /** Most resident memory of the process, which reads the entries from a file; and what the count holds at the end. */
  readonly peakMB: number;
  readonly heldMB: number;
  /** What kinds of entries took: how many, and microseconds each. */
  readonly byKind: Readonly<Record<string, readonly [number, number]>>;
}

interface Span {
  readonly startMs: number;
  readonly ms: number;
}

/** Counts the entries of a file from scratch, in this process. */
export async function countFile(path: string): Promise<RecountPoint> {
  const pauses: Span[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries())
      pauses.push({ startMs: startTime, ms: duration });
  });
  observer.observe({ entryTypes: ['gc'] });
  const tally: Tally = emptyTally({ origin: ORIGIN, logKey: LOG_KEY, sha256 });
  const spent = new SpentTime();
  for await (const entry of readEntries(path)) {
    const startMs = performance.now();
    countEntry(tally, entry);
    spent.note(entry.statement.kind, { startMs, ms: performance.now() - startMs });
  }
  await turn();
  await turn();
  observer.disconnect();
  const peakMB = Math.round((process.resourceUsage().maxRSS * 1024) / 1e6);
  if (tally.alarmsTotal > 0) throw new Error(`the count differs: ${JSON.stringify(tally.alarms[0])}`);
  return {
    entries: tally.size,
    builders: tally.builders.size,
    eligible: tally.eligibleCount,
    ...spent.figures(pauses),
    pauseSeconds: round(pauses.reduce((sum, { ms }) => sum + ms, 0) / 1000),
    longestPauseMs: round(Math.max(0, ...pauses.map(({ ms }) => ms))),
    peakMB,
    heldMB: heldMB(),
    byKind: spent.byKind(),
  };
}

type SpentFigures = Omit<
  RecountPoint,
  'entries' | 'builders' | 'eligible' | 'pauseSeconds' | 'longestPauseMs' | 'peakMB' | 'heldMB' | 'byKind'
>;

/** What each entry took, and more about the slow ones. */
class SpentTime {
  #microseconds = new Float32Array(1024);
  #count = 0;
  #totalMs = 0;
  /** Slow entries, and all `state` entries. */
  readonly #slow: (Span & { readonly kind: string })[] = [];
  readonly #kinds = new Map<string, { count: number; ms: number }>();

  note(kind: string, span: Span): void {
    if (this.#count === this.#microseconds.length) {
      const wider = new Float32Array(this.#count * 2);
      wider.set(this.#microseconds);
      this.#microseconds = wider;
    }
    this.#microseconds[this.#count] = span.ms * 1000;
    this.#count += 1;
    this.#totalMs += span.ms;
    const sum = this.#kinds.get(kind) ?? { count: 0, ms: 0 };
    sum.count += 1;
    sum.ms += span.ms;
    this.#kinds.set(kind, sum);
    if (span.ms > SLOW_MS || kind === 'state') this.#slow.push({ kind, ...span });
  }

  figures(pauses: readonly Span[]): SpentFigures {
    const sorted = this.#microseconds.subarray(0, this.#count).toSorted();
    const own = this.#slow
      .map(({ kind, startMs, ms }) => ({ kind, ms: ms - pausedMs(pauses, startMs, startMs + ms) }))
      .sort((left, right) => right.ms - left.ms);
    const states = own.filter(({ kind }) => kind === 'state').map(({ ms }) => ms);
    const above = own.filter(({ ms }) => ms > SLOW_MS);
    const kinds: Record<string, number> = {};
    for (const { kind } of above) kinds[kind] = (kinds[kind] ?? 0) + 1;
    return {
      countSeconds: round(this.#totalMs / 1000),
      meanMicroseconds: round((this.#totalMs * 1000) / this.#count),
      p99Microseconds: round(sorted[Math.floor(sorted.length * 0.99)] ?? 0),
      aboveOneMs: this.#slow.filter(({ ms }) => ms > SLOW_MS).length,
      ownAboveOneMs: kinds,
      slowestOwnMs: round(own[0]?.ms ?? 0),
      slowestOwnKind: own[0]?.kind ?? '',
      states: states.length,
      stateMs: round(states[states.length >> 1] ?? 0),
      slowestStateMs: round(states[0] ?? 0),
    };
  }

  byKind(): RecountPoint['byKind'] {
    const kinds = [...this.#kinds].sort(([, left], [, right]) => right.ms - left.ms);
    return Object.fromEntries(
      kinds.map(([kind, { count, ms }]) => [kind, [count, round((ms * 1000) / count)]]),
    );
  }
}

/** How much of a span was pauses. */
function pausedMs(pauses: readonly Span[], fromMs: number, untilMs: number): number {
  let sum = 0;
  for (const { startMs, ms } of pauses) {
    sum += Math.max(0, Math.min(untilMs, startMs + ms) - Math.max(fromMs, startMs));
  }
  return sum;
}

/** What is still reachable: the heap after a whole collection, and memory beside it. */
function heldMB(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { used_heap_size, external_memory } = getHeapStatistics();
  return Math.round((used_heap_size + external_memory) / 1e6);
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
