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
