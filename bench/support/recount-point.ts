import { readFileSync } from 'node:fs';
import { KINDS } from '../../src/statement/index.ts';
import type { RecountRun } from './recount-run.ts';

/** Several counts of one history. */
export interface RecountPoint {
  readonly entries: number;
  readonly builders: number;
  readonly eligible: number;
  /** Of the counts, the one in the middle: the counting alone. */
  readonly countSeconds: number;
  /** Microseconds that single entries took, everything included, in the count in the middle. */
  readonly meanMicroseconds: number;
  readonly p99Microseconds: number;
  readonly aboveOneMs: number;
  /**
   * Entries whose own work took more than a millisecond, by kind: without pauses of the garbage collector, and in each of
   * the counts, since a processor that other work holds for a moment holds up another entry each time.
   */
  readonly ownAboveOneMs: Readonly<Record<string, number>>;
  readonly slowestOwnMs: number;
  readonly slowestOwnKind: string;
  /** `state` entries, and the own work of one: milliseconds, median and most. */
  readonly states: number;
  readonly stateMs: number;
  readonly slowestStateMs: number;
  /** The most of all counts. */
  readonly pauseSeconds: number;
  readonly longestPauseMs: number;
  readonly peakMB: number;
  readonly heldMB: number;
  /** Own work of an entry by kind: how many, and microseconds in the mean. */
  readonly byKind: Readonly<Record<string, readonly [number, number]>>;
}

/** What each entry took in one count, and the kinds of all: as {@link RecountRun}'s process left them beside the file. */
export interface EntryTimes {
  readonly times: Float32Array;
  readonly kinds: Uint8Array;
}

export function readTimes(path: string): EntryTimes {
  const times = Uint8Array.from(readFileSync(`${path}.times`)).buffer;
  return { times: new Float32Array(times), kinds: Uint8Array.from(readFileSync(`${path}.kinds`)) };
}

/** Puts the counts of one history together. */
export function pointOf(runs: readonly (RecountRun & EntryTimes)[]): RecountPoint {
  const [first, ...others] = runs;
  if (first === undefined) throw new Error('no counts');
  const { entries, builders, eligible, times, kinds } = first;
  const middle = runs.toSorted((left, right) => left.countSeconds - right.countSeconds)[runs.length >> 1];
  const own = times.map((time, at) => Math.min(time, ...others.map((other) => other.times[at] as number)));
  const most = (figure: 'pauseSeconds' | 'longestPauseMs' | 'peakMB' | 'heldMB'): number =>
    round(Math.max(...runs.map((run) => run[figure])));
  const slowest = own.reduce((best, time, at) => (time > (own[best] as number) ? at : best), 0);
  const states = own.filter((_, at) => kindAt(kinds, at) === 'state').toSorted();
  return {
    entries,
    builders,
    eligible,
    countSeconds: round(middle?.countSeconds ?? 0),
    meanMicroseconds: round(((middle?.countSeconds ?? 0) * 1e6) / entries),
    p99Microseconds: round(middle?.p99Microseconds ?? 0),
    aboveOneMs: middle?.aboveOneMs ?? 0,
    ownAboveOneMs: Object.fromEntries(
      KINDS.map((kind) => [
        kind,
        own.filter((time, at) => time > 1000 && kindAt(kinds, at) === kind).length,
      ]).filter(([, count]) => count !== 0),
    ) as Record<string, number>,
    slowestOwnMs: round((own[slowest] ?? 0) / 1000),
    slowestOwnKind: kindAt(kinds, slowest),
    states: states.length,
    stateMs: round((states[states.length >> 1] ?? 0) / 1000),
    slowestStateMs: round((states.at(-1) ?? 0) / 1000),
    pauseSeconds: most('pauseSeconds'),
    longestPauseMs: most('longestPauseMs'),
    peakMB: most('peakMB'),
    heldMB: most('heldMB'),
    byKind: byKind(own, kinds),
  };
}

function byKind(own: Float32Array, kinds: Uint8Array): RecountPoint['byKind'] {
  const sums = KINDS.map(() => ({ count: 0, microseconds: 0 }));
  own.forEach((time, at) => {
    const sum = sums[kinds[at] as number];
    if (sum === undefined) return;
    sum.count += 1;
    sum.microseconds += time;
  });
  const means = sums.map(
    ({ count, microseconds }, at) => [KINDS[at] ?? '', [count, round(microseconds / count)]] as const,
  );
  return Object.fromEntries(means.filter(([, [count]]) => count > 0));
}

function kindAt(kinds: Uint8Array, at: number): string {
  return KINDS[kinds[at] as number] ?? '';
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
