/** What everybody who answered said of one release, with no regard to who they are. */
export interface Answers {
  readonly honest: number;
  readonly false: number;
}

/** What a client would have installed: `both` means that two answers pass, so that the one who asks is lucky or not. */
export type OtherOutcome = 'good' | 'bad' | 'both' | 'none';

/** M signatures of whoever signs, without tenure: an answer that M keys gave passes. */
export function thresholdOutcome({ honest, false: bad }: Answers, threshold: number): OtherOutcome {
  if (bad >= threshold) return honest >= threshold ? 'both' : 'bad';
  return honest >= threshold ? 'good' : 'none';
}

/** Plain majority of nodes: more than half of all who answered. */
export function majorityOutcome({ honest, false: bad }: Answers): OtherOutcome {
  if (bad > honest) return 'bad';
  return honest > bad ? 'good' : 'none';
}

/** What is taken for granted of a release that its maker's keys alone sign. */
export interface TodaysWay {
  /** Keys that must sign, of a developer or a build server: all of them are stolen. */
  readonly todayKeys: number;
  /** What the theft of one costs, in machine-months. */
  readonly todayKeyMonths: number;
  /** Others that build each release again and publish what they got, and after how many hours. */
  readonly todayRebuilders: number;
  readonly todayRebuildHours: number;
}

/** The theft of all keys that sign a release: its cost, and when somebody could compare; null: nobody ever can. */
export function stolenKeysAttack(way: TodaysWay): { machineMonths: number; hoursToSee: number | null } {
  return {
    machineMonths: way.todayKeys * way.todayKeyMonths,
    hoursToSee: way.todayRebuilders > 0 ? way.todayRebuildHours : null,
  };
}
