import type { ReleaseDetail } from '../api/types.ts';
import { stateLabel } from './state.ts';

/** One step of a release's way. */
export interface TimelineStep {
  readonly name: string;
  readonly progress: 'done' | 'now' | 'ahead';
  /** When the step began; for a step ahead, when it will at the earliest. */
  readonly timeMs: number | undefined;
  /** The log entry that began it. */
  readonly entryIndex: number | undefined;
  /** How much of the step is over, from 0 to 1. */
  readonly part: number;
}

/** The log entries that began the steps, where the page has read the log itself. */
export type StepEntries = Partial<
  Record<'announced' | 'opened' | 'closed' | 'verdict', { readonly index: number; readonly timeMs: number }>
>;

const PLACES = {
  announced: 0,
  committing: 1,
  voting: 2,
  provisional: 2,
  final: 3,
  contested: 3,
  failed: 3,
  superseded: 3,
  'taken down': 3,
} as const;

/** The steps of a release, those ahead included, so that a reader sees what will come. */
export function timelineOf(release: ReleaseDetail, nowMs: number, entries: StepEntries = {}): TimelineStep[] {
  const place = PLACES[release.state] ?? 0;
  const begun = [
    release.announcedMs,
    release.openedMs,
    entries.closed?.timeMs ?? closedAtLatest(release, place, nowMs),
    release.verdictMs ?? release.voteEndsMs,
  ];
  const indexes = [entries.announced, entries.opened, entries.closed, entries.verdict];
  const names = ['Announced', 'Committing', 'Voting', 'Verdict'];
  if (place === 3) names[3] = `Verdict: ${stateLabel(release.state).toLowerCase()}`;
  return names.map((name, step) => ({
    name,
    progress: progressOf(step, place),
    timeMs: begun[step],
    entryIndex: indexes[step]?.index,
    part: partOf(step, place, begun, nowMs),
  }));
}

function progressOf(step: number, place: number): TimelineStep['progress'] {
  if (step < place || place === 3) return 'done';
  return step === place ? 'now' : 'ahead';
}

function partOf(step: number, place: number, begun: readonly (number | undefined)[], nowMs: number): number {
  if (step !== place) return step < place ? 1 : 0;
  const [start, end] = [begun[step], begun[step + 1]];
  if (start === undefined || end === undefined || end <= start) return 0;
  return Math.min(1, Math.max(0, (nowMs - start) / (end - start)));
}

/** Committing ends with its window; when it ended early, only the log's own entry tells when. */
function closedAtLatest(release: ReleaseDetail, place: number, nowMs: number): number | undefined {
  const endsMs = release.commitEndsMs;
  return place >= 2 && endsMs !== undefined && endsMs > nowMs ? undefined : endsMs;
}
