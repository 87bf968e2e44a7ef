import type { TodaysWay } from './other-rules.ts';
import type { Strike } from './strike.ts';

/** Parameters of all scenarios; the command line sets them. */
export interface Parameters extends TodaysWay {
  /** The same seed gives the same history, byte for byte. */
  readonly seed: string;
  readonly founders: number;
  /** Honest builders beside the founders that were admitted when the network began. */
  readonly members: number;
  /** How long ago that was: after a year they are elders. */
  readonly ageDays: number;
  /** Honest builders that come when the attack begins, and wait for the lot like the attackers. */
  readonly honestNewcomers: number;
  /** Keys that the flood registers, and how many of them build and serve at a time. */
  readonly flood: number;
  readonly floodActive: number;
  /** How long the flood goes on at most. */
  readonly floodDays: number;
  /** Identities of the patient attackers, and after how many months they strike. */
  readonly attackers: number;
  readonly months: readonly number[];
  /** Nodes that copy what is published. */
  readonly mirrors: number;
  /** How many eligible elders the poisoners of an urgent release are. */
  readonly poisoners: readonly number[];
  /** Which share of the honest members is away in the short windows of an urgent release. */
  readonly away: number;
  /** Keys behind one machine that builds. */
  readonly colluders: number;
  /** For how long they go on. */
  readonly colluderDays: number;
  /** Shares of the days on which laptops are on. */
  readonly uptimes: readonly number[];
  readonly laptopDays: number;
  /** How many turned elders say nothing in the vote window, and for how long. */
  readonly withholders: readonly number[];
  readonly withholdDays: number;
  /** M of the rule that is compared: so many signatures of anybody. */
  readonly threshold: number;
}

export const DEFAULTS: Parameters = {
  seed: 'bitquorum',
  founders: 5,
  members: 25,
  ageDays: 400,
  honestNewcomers: 20,
  flood: 100_000,
  floodActive: 150,
  floodDays: 1100,
  attackers: 20,
  months: [6, 12, 18, 24],
  mirrors: 1000,
  poisoners: [2, 5, 8, 11],
  away: 0.5,
  colluders: 20,
  colluderDays: 400,
  uptimes: [0.2, 0.4, 0.6, 0.8],
  laptopDays: 730,
  withholders: [2, 5, 8],
  withholdDays: 180,
  threshold: 3,
  todayKeys: 1,
  todayKeyMonths: 0,
  todayRebuilders: 0,
  todayRebuildHours: 24,
};

/** One attack on one release, in words and figures. */
export interface Case extends Strike {
  readonly case: string;
}

/** How the electorate stood on a day. */
export interface Point {
  readonly day: number;
  readonly eligible: number;
  readonly attackers: number;
}

/** What a scenario found. */
export interface Finding {
  readonly scenario: string;
  /** Entries that were counted. */
  readonly entries: number;
  readonly cases: readonly Case[];
  readonly series: readonly Point[];
  /** Other figures, by name. */
  readonly figures: Readonly<Record<string, number | null>>;
}
