import type { Tally } from './state.ts';

/** When a builder has to be looked at again, though nothing is logged about it. */
export interface Timer {
  readonly timeMs: number;
  readonly key: string;
}

/** Asks to look at a builder again at a time; a heap, so that nobody walks over all of them. */
export function pushTimer({ timers }: Tally, timer: Timer): void {
  timers.push(timer);
  let at = timers.length - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!isBefore(timers, at, parent)) return;
    swap(timers, at, parent);
    at = parent;
  }
}

/** The key of the earliest timer that has come, taken out; undefined when none has. */
export function takeTimer({ timers, timeMs }: Tally): string | undefined {
  const [first] = timers;
  if (first === undefined || first.timeMs > timeMs) return undefined;
  swap(timers, 0, timers.length - 1);
  timers.pop();
  let at = 0;
  for (;;) {
    const left = 2 * at + 1;
    if (left >= timers.length) return first.key;
    const child = left + 1 < timers.length && isBefore(timers, left + 1, left) ? left + 1 : left;
    if (!isBefore(timers, child, at)) return first.key;
    swap(timers, at, child);
    at = child;
  }
}

function isBefore(timers: readonly Timer[], left: number, right: number): boolean {
  return (timers[left] as Timer).timeMs < (timers[right] as Timer).timeMs;
}

function swap(timers: Timer[], left: number, right: number): void {
  const kept = timers[left] as Timer;
  timers[left] = timers[right] as Timer;
  timers[right] = kept;
}
