import type { ReleaseSummary } from '../api/types.ts';
import { now } from '../store.ts';
import { formatDuration } from '../view/measure.ts';
import { runningWindow } from '../view/state.ts';
import { windowAt } from '../view/window.ts';

/** What is left of the window that runs now, counted down by the tally's clock. */
export function Countdown({ release }: { release: ReleaseSummary }) {
  const window = runningWindow(release);
  if (!window) return null;
  const { leftMs, over } = windowAt(window.startMs, window.endMs, now.value);
  return (
    <span class="countdown" role="timer">
      {over ? 'Closing now' : `${window.words} `}
      {!over && <strong>{formatDuration(leftMs)}</strong>}
    </span>
  );
}
