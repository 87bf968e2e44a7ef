/** A commit or vote window at one moment. */
export interface WindowNow {
  /** What has passed of it, from 0 to 1. */
  readonly part: number;
  readonly leftMs: number;
  readonly over: boolean;
}

/** How far a window has run; one without a beginning, or of no length, counts as wholly past or not begun. */
export function windowAt(startMs: number | undefined, endMs: number, nowMs: number): WindowNow {
  const leftMs = Math.max(0, endMs - nowMs);
  const over = leftMs === 0;
  const lengthMs = startMs === undefined ? 0 : endMs - startMs;
  if (lengthMs <= 0 || startMs === undefined) return { part: over ? 1 : 0, leftMs, over };
  return { part: Math.min(1, Math.max(0, (nowMs - startMs) / lengthMs)), leftMs, over };
}
