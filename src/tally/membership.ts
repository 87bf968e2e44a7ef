import { enrol, refreshMember, withdraw } from './electorate.ts';
import { type Moment, noteSpell } from './life.ts';
import { markDirty } from './light-state.ts';
import type { BuilderState, PolicyInForce, Tally } from './state.ts';
import { hasEnough, qualify, stopWaiting } from './tenure.ts';
import { pushTimer } from './timers.ts';

/** Whether the policy in force names a key as a founder's. */
export function isFounder(tally: Tally, key: string): boolean {
  return tally.policy?.rules.founders.includes(key) === true;
}

/**
 * Looks at a builder again after anything that may have changed its standing: members are the founders and those
 * whom the lot admitted, unless revoked; a member is eligible unless its key cools or it is suspended.
 */
export function refreshStanding(tally: Tally, builder: BuilderState, moment: Moment): void {
  const { life } = builder;
  markDirty(tally, `builder:${builder.key}`);
  const founder = isFounder(tally, builder.key);
  const isMember = life.revoked === undefined && (founder || life.admitted !== undefined);
  if (isMember && life.memberSince === undefined) {
    life.memberSince = { index: moment.index, timeMs: moment.timeMs };
    stopWaiting(tally, builder);
    enrol(tally, builder);
  } else if (!isMember && life.memberSince !== undefined) {
    setEligible(tally, builder, false, moment);
    withdraw(tally, builder);
    life.memberSince = undefined;
  }
  if (isMember) {
    const untilMs = Math.max(life.coolingUntilMs, life.suspendedUntilMs);
    if (untilMs > tally.timeMs && untilMs !== life.wakeMs) {
      life.wakeMs = untilMs;
      pushTimer(tally, { timeMs: untilMs, key: builder.key });
    }
    setEligible(tally, builder, untilMs <= tally.timeMs, moment);
  } else qualify(tally, builder, moment);
}

function setEligible(tally: Tally, builder: BuilderState, eligible: boolean, { index }: Moment): void {
  const { life } = builder;
  if (life.eligible === eligible) return;
  life.eligible = eligible;
  tally.eligibleCount += eligible ? 1 : -1;
  noteSpell(life, index);
  refreshMember(tally, builder);
}

/**
 * Follows a policy that came into force: founders come and go, and other figures of tenure hold. The one moment at
 * which all builders are looked at.
 */
export function followPolicy(tally: Tally, former: PolicyInForce | undefined, moment: Moment): void {
  const founders = new Set([...(former?.rules.founders ?? []), ...(tally.policy?.rules.founders ?? [])]);
  for (const key of founders) {
    const builder = tally.builders.get(key);
    if (builder !== undefined) refreshStanding(tally, builder, moment);
  }
  if (former === undefined || sameTenure(former, tally.policy)) return;
  for (const builder of tally.builders.values()) {
    if (builder.life.tenure.qualified !== undefined && !hasEnough(tally, builder)) {
      stopWaiting(tally, builder);
    }
    qualify(tally, builder, moment);
  }
}

function sameTenure(left: PolicyInForce, right: PolicyInForce | undefined): boolean {
  return JSON.stringify(left.rules.tenure) === JSON.stringify(right?.rules.tenure);
}
