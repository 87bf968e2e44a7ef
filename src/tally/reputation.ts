import { chargeUnopened } from './charges.ts';
import { diverge } from './divergence.ts';
import type { Moment } from './life.ts';
import type { Ballot, BuilderState, Outcome, ReleaseState, Tally } from './state.ts';
import { noteMatch } from './tenure.ts';
import { hasWeight, isCounted, isUnopened, reaches } from './weight.ts';

/**
 * Moves the reputation of everybody who took part in a release, on its panel or not, by its verdict. Who matched a
 * final one gains a build. Where enough clusters voted and agree, who built something else diverges, and who has not
 * opened its commitment is charged with it. Who contradicted itself diverges by that alone.
 */
export function moveReputations(tally: Tally, release: ReleaseState, outcome: Outcome, moment: Moment): void {
  const winner = outcome.state === 'final' ? outcome.infoHashV2 : null;
  // What was voted for before is public: in a revote, or where the name failed before, who matches need not have built.
  const isBuild = release.round === 0 && winner !== null && release.shown?.has(winner) !== true;
  const binding = winner !== null && isBinding(tally, release, outcome);
  for (const [key, ballot] of release.ballots) {
    const builder = tally.builders.get(key);
    if (builder === undefined) continue;
    keepRecord(builder, ballot, winner);
    const why = divergenceOf(ballot, winner, binding);
    if (why !== undefined) diverge(tally, builder, moment, release.digest, why);
    else if (binding && isUnopened(ballot)) charge(tally, release, builder, ballot, winner, moment);
    else if (isBuild && isCounted(ballot) && ballot.vote?.infoHashV2 === winner) {
      noteMatch(tally, builder, moment);
    }
  }
}

/** Whether so many clusters voted, and so many of them alike, that what differs from them is a divergence. */
function isBinding(tally: Tally, release: ReleaseState, { groups }: Outcome): boolean {
  const { clusters, share } = release.rules.divergence;
  const unopened = release.draw.panel.filter(
    (key) => isUnopened(release.ballots.get(key)) && hasWeight(tally, release, key),
  );
  const cast = groups.reduce((sum, { builders }) => sum + builders.length, unopened.length);
  return cast >= clusters && reaches(groups[0]?.builders.length ?? 0, cast, share);
}

function divergenceOf(ballot: Ballot, winner: string | null, binding: boolean): string | undefined {
  if (ballot.equivocationIndex !== undefined) {
    return `it contradicted itself (entry ${ballot.equivocationIndex})`;
  }
  if (!binding || ballot.commit === undefined || ballot.vote === undefined) return undefined;
  if (ballot.vote.infoHashV2 === winner) return undefined;
  return `it built something else than the others (entry ${ballot.vote.index})`;
}

function charge(
  tally: Tally,
  { digest, predicate, rules }: ReleaseState,
  builder: BuilderState,
  { commit }: Ballot,
  winner: string | null,
  moment: Moment,
): void {
  if (commit === undefined || winner === null) return;
  const unopened = { ...commit, release: digest, package: predicate.package, isCanary: false, winner };
  chargeUnopened(tally, builder, moment, unopened, rules.divergence.graceDays);
}

function keepRecord({ record }: BuilderState, ballot: Ballot, winner: string | null): void {
  if (ballot.equivocationIndex !== undefined) record.equivocated += 1;
  else if (isUnopened(ballot)) record.unopened += 1;
  else if (winner === null || !isCounted(ballot)) return;
  else if (ballot.vote?.infoHashV2 === winner) record.matched += 1;
  else record.dissented += 1;
}
