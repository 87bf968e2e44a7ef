import type { ReleaseDetail } from '../api/types.ts';
import { counted } from './text.ts';

type Told = Pick<ReleaseDetail, 'urgent' | 'round' | 'earlier' | 'lifted' | 'seedBy' | 'passed' | 'panel'>;

/** Who ended a release and in which entry; the reason given follows. */
export function endWords({ kind, index }: NonNullable<ReleaseDetail['ended']>): string {
  return kind === 'superseded'
    ? `The publisher superseded this release (entry ${index}), saying`
    : `The publisher or the founders took this release down (entry ${index}), saying`;
}

/** Sentences on how a release runs, the weightiest first. */
export function circumstancesOf({ urgent, round, earlier, lifted, seedBy, passed, panel }: Told): string[] {
  const last = earlier.at(-1);
  return [
    urgent && 'Urgent: founders signed it beside its publisher, and its windows are shorter.',
    last !== undefined &&
      `The founders asked again: this is round ${round + 1}; the verdict before was ${last.state} (entry ${last.index}).`,
    lifted !== undefined &&
      `It was ${lifted.ending.kind} (entry ${lifted.ending.index}) until the founders asked for this round (entry ${lifted.index}); its publisher alone cannot do that again.`,
    panel.length > 0 &&
      (seedBy === 'witnesses'
        ? 'Witnesses’ signatures drew the panel.'
        : 'The log’s own entry drew the panel; no witnesses are named.'),
    passed.length > 0 && `${counted(passed.length, 'seat')} passed on at half-time.`,
  ].filter((words) => words !== false);
}
