import { DAY_MS, type Moment } from './life.ts';
import { markDirty } from './light-state.ts';
import type { BuilderState, Tally } from './state.ts';

/** Days since 1970 of a time. */
export function dayOf(timeMs: number): number {
  return Math.floor(timeMs / DAY_MS);
}

/** A passed audit: a day counts once, and only once tenure has begun. */
export function noteActiveDay(tally: Tally, builder: BuilderState, moment: Moment): void {
  const { tenure } = builder.life;
  const day = dayOf(moment.timeMs);
  if (tenure.since === undefined || tenure.lastActiveDay >= day) return;
  tenure.lastActiveDay = day;
  tenure.activeDays += 1;
  qualify(tally, builder, moment);
}

/** An independent build that matched a final verdict: the first begins tenure. */
export function noteMatch(tally: Tally, builder: BuilderState, moment: Moment): void {
  const { tenure } = builder.life;
  const at = { index: moment.index, timeMs: moment.timeMs }; // callers hand over whole entries
  tenure.since ??= at;
  tenure.lastMatch = at;
  tenure.builds += 1;
  qualify(tally, builder, moment);
}

/** A canary build that matched. */
export function noteCanary(tally: Tally, builder: BuilderState, moment: Moment): void {
  builder.life.tenure.canaries += 1;
  qualify(tally, builder, moment);
}

/** Whether a builder has shown what the policy in force asks of those who wait for the lot. */
export function hasEnough(tally: Tally, { life }: BuilderState): boolean {
  const asked = tally.policy?.rules.tenure;
  const { since, activeDays, builds, canaries } = life.tenure;
  return (
    asked !== undefined &&
    since !== undefined &&
    life.revoked === undefined &&
    activeDays >= asked.activeDays &&
    builds >= asked.builds &&
    canaries >= asked.canaries
  );
}

/** Lets a builder wait for the lot once it has shown enough. Who is a member, or waits, stays as it is. */
export function qualify(tally: Tally, builder: BuilderState, moment: Moment): void {
  const { key, life } = builder;
  if (life.tenure.qualified !== undefined || life.memberSince !== undefined) return;
  if (!hasEnough(tally, builder)) return;
  life.tenure.qualified = { index: moment.index, timeMs: moment.timeMs };
  tally.waiting.add(key, moment.index);
  markDirty(tally, `builder:${key}`);
}

/** Takes a builder out of those who wait for the lot, if it is one. */
export function stopWaiting(tally: Tally, { key, life }: BuilderState): void {
  const { qualified } = life.tenure;
  if (qualified === undefined) return;
  tally.waiting.remove(key, qualified.index);
  life.tenure.qualified = undefined;
}
