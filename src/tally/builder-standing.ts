import { chargesOf } from './charges.ts';
import { headOver } from './electorate.ts';
import { isElder } from './life.ts';
import { isFounder } from './membership.ts';
import type { BuilderState, Tally } from './state.ts';

/** What a builder is: `newcomer` and `candidate` earn tenure, `waiting` waits for the lot, the last four have weight or had it. */
export type BuilderStage =
  | 'newcomer'
  | 'candidate'
  | 'waiting'
  | 'eligible'
  | 'elder'
  | 'founder'
  | 'cooling'
  | 'suspended'
  | 'revoked';

/** Where a builder stands as the log stands, in one sentence, with the entry that proves it. */
export interface BuilderStanding {
  readonly stage: BuilderStage;
  /** Whether panels are drawn from it among others. */
  readonly eligible: boolean;
  /** Names the entry, and what is missing. */
  readonly reason: string;
  readonly index: number;
}

/** The standing of a builder. */
export function builderStanding(tally: Tally, builder: BuilderState): BuilderStanding {
  const standing = standingWithoutCharges(tally, builder);
  const warning = builder.life.revoked === undefined ? chargeWarning(tally, builder) : '';
  return { ...standing, reason: `${standing.reason}${warning}` };
}

function standingWithoutCharges(tally: Tally, builder: BuilderState): BuilderStanding {
  const { life } = builder;
  const { revoked, rotated, diverged, memberSince } = life;
  if (revoked !== undefined) {
    return none(
      'revoked',
      `revoked (entry ${revoked.index}): it counts nowhere since, for ever`,
      revoked.index,
    );
  }
  if (memberSince === undefined) return withoutWeight(tally, builder);
  if (life.suspendedUntilMs > tally.timeMs && diverged !== undefined) {
    const until = dayText(life.suspendedUntilMs);
    return none(
      'suspended',
      `suspended until ${until}: ${diverged.why}, so it diverged (entry ${diverged.index})`,
      diverged.index,
    );
  }
  if (life.coolingUntilMs > tally.timeMs && rotated !== undefined) {
    const until = dayText(life.coolingUntilMs);
    return none(
      'cooling',
      `no weight until ${until}: it has a new key (entry ${rotated.index})`,
      rotated.index,
    );
  }
  return withWeight(tally, builder);
}

function withWeight(tally: Tally, builder: BuilderState): BuilderStanding {
  const { policy } = tally;
  const { admitted, memberSince } = builder.life;
  const head = headOver(tally, builder, 'any');
  const shared =
    head === undefined ? '' : `; ${head.slice(0, 8)} has the one vote of its operator or network`;
  if (policy !== undefined && isFounder(tally, builder.key)) {
    const reason = `eligible: a founder by the policy (entry ${policy.index})${shared}`;
    return { stage: 'founder', eligible: true, reason, index: policy.index };
  }
  const index = admitted?.index ?? memberSince?.index ?? builder.registeredIndex;
  const elder = policy !== undefined && isElder(builder, policy.rules, tally.timeMs);
  return {
    stage: elder ? 'elder' : 'eligible',
    eligible: true,
    reason: `eligible: the lot let it join (entry ${index})${elder ? ', and it is an elder by now' : ''}${shared}`,
    index,
  };
}

function withoutWeight(tally: Tally, builder: BuilderState): BuilderStanding {
  const { tenure, diverged } = builder.life;
  const { since, lastMatch, qualified } = tenure;
  if (qualified !== undefined) {
    const reason = `not eligible yet: it has shown enough (entry ${qualified.index}) and waits for the lot`;
    return none('waiting', reason, qualified.index);
  }
  const lacks = lackOf(tally, builder);
  if (since !== undefined && lastMatch !== undefined) {
    return none(
      'candidate',
      `not eligible yet: in tenure since entry ${since.index}, last matched in entry ${lastMatch.index}, and lacks ${lacks}`,
      lastMatch.index,
    );
  }
  if (diverged !== undefined) {
    const reason = `not eligible: ${diverged.why}, so its tenure begins again (entry ${diverged.index})`;
    return none('newcomer', reason, diverged.index);
  }
  const { registeredIndex } = builder;
  const reason = `not eligible yet: registered (entry ${registeredIndex}), and no build of its own has matched a final verdict`;
  return none('newcomer', reason, registeredIndex);
}

/** What a candidate still has to show. */
function lackOf(tally: Tally, { life }: BuilderState): string {
  const asked = tally.policy?.rules.tenure;
  const { activeDays, builds, canaries } = life.tenure;
  const missing = [
    [(asked?.activeDays ?? 0) - activeDays, 'active days'],
    [(asked?.builds ?? 0) - builds, 'matching builds'],
    [(asked?.canaries ?? 0) - canaries, 'matching canaries'],
  ] as const;
  return missing.flatMap(([count, what]) => (count > 0 ? [`${count} ${what}`] : [])).join(', ');
}

function none(stage: BuilderStage, reason: string, index: number): BuilderStanding {
  return { stage, eligible: false, reason, index };
}

/** What the next commitment that it has not opened costs it, and when: the end of a sentence. */
function chargeWarning(tally: Tally, builder: BuilderState): string {
  const [next, ...more] = chargesOf(tally, builder.key).toSorted((left, right) => left.dueMs - right.dueMs);
  if (next === undefined) return '';
  const others = more.length === 0 ? '' : ` (and ${more.length} more like it)`;
  const what = isFounder(tally, builder.key) ? 'suspends it' : 'costs its tenure';
  const canary = next.isCanary ? 'a canary of ' : '';
  return `; it has a commitment on ${canary}${next.package} that it has not opened (entry ${next.index}): that ${what} on ${dayText(next.dueMs)}${others}`;
}

/** A day of UTC, such as 2026-11-22. */
export function dayText(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}
