import type { ReleaseDetail } from '../api/types.ts';
import { now } from '../store.ts';
import { formatTime } from '../view/measure.ts';
import { type StepEntries, type TimelineStep, timelineOf } from '../view/timeline.ts';

/** Announced, committing, voting, verdict: what has happened, when, and by which entry of the log. */
export function Timeline({ release, entries }: { release: ReleaseDetail; entries: StepEntries | undefined }) {
  return (
    <ol class="timeline" aria-label="Timeline">
      {timelineOf(release, now.value, entries).map((step) => (
        <Step key={step.name} step={step} />
      ))}
    </ol>
  );
}

function Step({ step }: { step: TimelineStep }) {
  return (
    <li class={`step step-${step.progress}`} aria-current={step.progress === 'now' ? 'step' : undefined}>
      <span class="step-line" aria-hidden="true">
        <span class="step-part" style={{ '--part': step.part }} />
      </span>
      <strong>{step.name}</strong>
      {step.timeMs !== undefined && (
        <span class="soft step-time">
          {step.progress === 'ahead' && 'by '}
          <time dateTime={isoTime(step.timeMs)}>{formatTime(step.timeMs)}</time>
        </span>
      )}
      {step.entryIndex !== undefined && <span class="indexes">entry #{step.entryIndex}</span>}
    </li>
  );
}

function isoTime(timeMs: number): string {
  const time = new Date(timeMs);
  return Number.isNaN(time.getTime()) ? '' : time.toISOString();
}
