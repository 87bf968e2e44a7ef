import type { PolicyRules } from '../statement/browser.ts';
import type { BuilderState, Tally } from './state.ts';

export const DAY_MS = 86_400_000;

/** Where in the log something happened. */
export interface Moment {
  readonly index: number;
  readonly timeMs: number;
}

/** What a builder has shown since its tenure began, or began again. */
export interface Tenure {
  /** The first independent build that matched a final verdict: the verdict's entry. */
  since: Moment | undefined;
  /** The entry of the latest match. */
  lastMatch: Moment | undefined;
  /** Independent builds that matched final verdicts. */
  builds: number;
  /** Canary builds that matched. */
  canaries: number;
  /** Days, by receipt time, with a passed audit after {@link since}. */
  activeDays: number;
  /** The latest of them, as days since 1970. */
  lastActiveDay: number;
  /** Since when it has shown enough and waits for the lot. */
  qualified: Moment | undefined;
}

/** What became of a builder's key and weight. */
export interface Life {
  /** The key that signs for it now, hex. */
  currentKey: string;
  rotated: Moment | undefined;
  /** From here on it counts nowhere. */
  revoked: Moment | undefined;
  /** Without weight until then, since its key is new. */
  coolingUntilMs: number;
  /** Without weight until then: a founder that diverged. */
  suspendedUntilMs: number;
  /** The last time that it is to be looked at again by itself. */
  wakeMs: number;
  /** Entries that say which key is its own: the first registration, each rotation, the revocation. */
  readonly keyEntries: number[];
  /** Entries that took its weight on releases under way: rotations and the revocation. */
  readonly turns: number[];
  tenure: Tenure;
  /** The lot's draw that let it join. */
  admitted: Moment | undefined;
  /** The last divergence. */
  diverged: (Moment & { readonly release: string; readonly why: string }) | undefined;
  /** Since when it is a member: a founder, or admitted, and not revoked. */
  memberSince: Moment | undefined;
  /** A member whose weight nothing suspends, as of the last entry. */
  eligible: boolean;
  /** Entries by which it became eligible, ceased to be, and so on; the latest {@link MOST_SPELLS}. */
  readonly spells: number[];
  /** What became of the canaries that the lot gave it: matched, diverged, not committed to. */
  readonly canaries: { passed: number; failed: number; missed: number };
  /** What clusters go by → the entry that declared it. */
  marks: Map<string, number>;
}

/** How many changes of eligibility are kept for explanations; even, so that the first is a beginning. */
const MOST_SPELLS = 32;

export function newTenure(): Tenure {
  return {
    since: undefined,
    lastMatch: undefined,
    builds: 0,
    canaries: 0,
    activeDays: 0,
    lastActiveDay: -1,
    qualified: undefined,
  };
}

/** The life of a builder that registers with a key. */
export function newLife(key: string, index: number): Life {
  return {
    currentKey: key,
    rotated: undefined,
    revoked: undefined,
    coolingUntilMs: 0,
    suspendedUntilMs: 0,
    wakeMs: 0,
    keyEntries: [index],
    turns: [],
    tenure: newTenure(),
    admitted: undefined,
    diverged: undefined,
    memberSince: undefined,
    eligible: false,
    spells: [],
    canaries: { passed: 0, failed: 0, missed: 0 },
    marks: new Map(),
  };
}

/** Keeps that eligibility changed at an entry. */
export function noteSpell(life: Life, index: number): void {
  life.spells.push(index);
  if (life.spells.length > MOST_SPELLS) life.spells.splice(0, 2);
}

/** Whether a builder was eligible just before an entry, as far back as is kept. */
export function wasEligibleAt({ life }: BuilderState, index: number): boolean {
  const changes = life.spells.filter((at) => at < index).length;
  return changes % 2 === 1;
}

/**
 * The entry that took a builder's weight on something that began at one entry and ended before another: a rotation
 * whose new key had to cool, or its revocation.
 */
export function weightLostAt(
  tally: Tally,
  key: string,
  fromIndex: number,
  untilIndex: number,
): number | undefined {
  const turns = tally.builders.get(key)?.life.turns;
  return turns?.find((index) => index > fromIndex && index < untilIndex);
}

/** Whether a builder has been a member for so long that its vote is one of those that margins ask for. */
export function isElder({ life }: BuilderState, rules: PolicyRules, timeMs: number): boolean {
  return life.memberSince !== undefined && timeMs - life.memberSince.timeMs >= rules.elderDays * DAY_MS;
}
