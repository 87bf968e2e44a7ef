import { DAY_MS, type Moment, newTenure } from './life.ts';
import { isFounder, refreshStanding } from './membership.ts';
import type { BuilderState, Tally } from './state.ts';
import { stopWaiting } from './tenure.ts';

/**
 * A divergence: tenure begins again from nothing, and who was admitted is so no more. A founder, who needs no
 * tenure, is suspended instead.
 */
export function diverge(
  tally: Tally,
  builder: BuilderState,
  moment: Moment,
  release: string,
  why: string,
): void {
  const { key, life } = builder;
  life.diverged = { index: moment.index, timeMs: moment.timeMs, release, why };
  stopWaiting(tally, builder);
  life.tenure = newTenure();
  life.admitted = undefined;
  const days = tally.policy?.rules.divergence.founderSuspensionDays ?? 0;
  if (isFounder(tally, key)) life.suspendedUntilMs = moment.timeMs + days * DAY_MS;
  refreshStanding(tally, builder, moment);
}
