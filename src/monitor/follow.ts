import { setTimeout as sleep } from 'node:timers/promises';
import type { Monitor } from './monitor.ts';

/** Looks at the log again and again until `signal` aborts; with `stopOnAlarm`, until an alarm is raised. */
export async function follow(
  monitor: Monitor,
  everyMs: number,
  signal: AbortSignal,
  stopOnAlarm = false,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await monitor.round(signal);
      if (stopOnAlarm && monitor.alarms.size > 0) return;
      await sleep(everyMs, undefined, { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
