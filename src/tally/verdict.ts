import { MOST_GROUPS, makeStatement, type StatementOf } from '../statement/browser.ts';
import { forgetOpened } from './ballots.ts';
import { verdictDueMs } from './early.ts';
import { markDirty, noteFinal, wantState } from './light-state.ts';
import { type Refusal, refuse } from './refusal.ts';
import { endedBefore } from './release-state.ts';
import { moveReputations } from './reputation.ts';
import type { Entry, Outcome, ReleaseState, Tally } from './state.ts';
import { hasWeight, isCounted, isUnopened, reaches } from './weight.ts';
import { subjectOf } from './windows.ts';

/** The votes that count for one infohash. */
interface CountedGroup {
  readonly infoHashV2: string;
  /** Sorted. */
  readonly builders: string[];
}

/** The counted votes by infohash, the largest group first, then by infohash. */
export function countedGroups(tally: Tally, release: ReleaseState): CountedGroup[] {
  const groups = new Map<string, string[]>();
  for (const key of release.draw.panel) {
    const ballot = release.ballots.get(key);
    if (ballot?.vote === undefined || !isCounted(ballot) || !hasWeight(tally, release, key)) continue;
    const builders = groups.get(ballot.vote.infoHashV2);
    if (builders === undefined) groups.set(ballot.vote.infoHashV2, [key]);
    else builders.push(key);
  }
  return [...groups]
    .map(([infoHashV2, builders]) => ({ infoHashV2, builders }))
    .sort(
      (left, right) =>
        right.builders.length - left.builders.length || (left.infoHashV2 < right.infoHashV2 ? -1 : 1),
    );
}

/**
 * What the panel decided. Votes cast are the counted ones and the unopened commitments, which are dissent.
 * `final`: the largest group has the quorum, its share of the votes cast reaches `panelMargin`, and its share
 * of the founders' and elders' votes cast reaches `foundersMargin`. `contested`: a quorum voted, and no group won.
 * `failed`: no quorum voted. Absence is not dissent.
 */
export function outcomeOf(tally: Tally, release: ReleaseState): Outcome {
  const { rules, draw } = release;
  const groups = countedGroups(tally, release);
  const unopened = draw.panel.filter(
    (key) => isUnopened(release.ballots.get(key)) && hasWeight(tally, release, key),
  );
  const counted = groups.flatMap(({ builders }) => builders);
  const cast = [...counted, ...unopened];
  const best = groups[0];
  if (best !== undefined && best.builders.length >= draw.quorum) {
    const isSenior = (key: string) => draw.seniors.includes(key);
    const won =
      reaches(best.builders.length, cast.length, rules.panelMargin) &&
      reaches(best.builders.filter(isSenior).length, cast.filter(isSenior).length, rules.foundersMargin);
    if (won) return { state: 'final', infoHashV2: best.infoHashV2, groups };
  }
  return { state: cast.length >= draw.quorum ? 'contested' : 'failed', infoHashV2: null, groups };
}

/** The `verdict` that the log owes a release once its vote window has ended. */
export function verdictStatement(
  tally: Tally,
  release: ReleaseState,
  timeMs: number,
): StatementOf<'verdict'> {
  return makeStatement('verdict', subjectOf(release), {
    origin: tally.context.origin,
    timeMs,
    release: release.digest,
    ...listed(outcomeOf(tally, release)),
  });
}

export function judgeVerdict(release: ReleaseState, timeMs: number): Refusal | undefined {
  if (release.phase === 'announced' || release.phase === 'committing') {
    return refuse('too-early', 'this release is not closed yet');
  }
  const ended = endedBefore(release);
  if (ended !== undefined) return ended;
  if (release.phase !== 'voting') return refuse('duplicate', 'this release has its verdict already');
  if (timeMs < verdictDueMs(release)) return refuse('too-early', 'its vote window has not ended');
  return undefined;
}

/** What a verdict says that the count does not confirm. */
export function faultOfVerdict(
  tally: Tally,
  release: ReleaseState,
  { predicate }: StatementOf<'verdict'>,
): string | undefined {
  const due = listed(outcomeOf(tally, release));
  if (predicate.state !== due.state || predicate.infoHashV2 !== due.infoHashV2) {
    return `verdict says ${describe(predicate)}, and the count says ${describe(due)}`;
  }
  return textOf(predicate.groups) === textOf(due.groups)
    ? undefined
    : 'verdict lists other groups than the count';
}

/** Ends a release by the count's own outcome, and keeps each builder's record. */
export function applyVerdict(tally: Tally, release: ReleaseState, entry: Entry): void {
  const outcome = outcomeOf(tally, release);
  release.phase = outcome.state;
  release.verdict = { index: entry.index, timeMs: entry.timeMs, outcome };
  tally.unfinished.delete(release.digest);
  markDirty(tally, `release:${release.digest}`);
  if (outcome.state === 'final') noteFinal(tally, release);
  wantState(tally);
  moveReputations(tally, release, outcome, entry);
  forgetOpened(release);
}

/** An outcome as a verdict lists it: with the largest groups only, so that it always fits an entry. */
function listed(outcome: Outcome): Outcome {
  return { ...outcome, groups: outcome.groups.slice(0, MOST_GROUPS) };
}

function describe({ state, infoHashV2 }: Pick<Outcome, 'state' | 'infoHashV2'>): string {
  return infoHashV2 === null ? state : `${state} for ${infoHashV2}`;
}

function textOf(groups: Outcome['groups']): string {
  return groups.map(({ infoHashV2, builders }) => `${infoHashV2}:${builders.join()}`).join(';');
}
