import { weightLostAt } from './life.ts';
import type { Ballot, ReleaseState, Tally } from './state.ts';

/** Whether a ballot is complete: committed, opened, audited, said once. With weight it counts for what it voted. */
export function isCounted(ballot: Ballot | undefined): boolean {
  return (
    ballot?.commit !== undefined &&
    ballot.vote !== undefined &&
    ballot.auditIndex !== undefined &&
    ballot.equivocationIndex === undefined
  );
}

/** Whether a builder committed and never showed to what: with weight it counts as a vote for nothing. */
export function isUnopened(ballot: Ballot | undefined): boolean {
  return ballot?.commit !== undefined && ballot.vote === undefined && ballot.equivocationIndex === undefined;
}

/** Whether a builder's ballot has weight on a release: on the panel, neither rotated nor revoked since. */
export function hasWeight(tally: Tally, release: ReleaseState, key: string): boolean {
  if (!release.draw.onPanel.has(key)) return false;
  return weightLostAt(tally, key, release.place.index, release.verdict?.index ?? Infinity) === undefined;
}

/** Whether `part` of `whole` is at least the share, without fractions. */
export function reaches(
  part: number,
  whole: number,
  [numerator, denominator]: readonly [number, number],
): boolean {
  return part * denominator >= whole * numerator;
}
