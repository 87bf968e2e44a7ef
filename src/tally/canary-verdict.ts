import { makeStatement, type Statement, type StatementOf } from '../statement/browser.ts';
import { type CanaryState, canaryStatement, isPublic, waitsForSeed } from './canaries.ts';
import { settledBy } from './canary-ballots.ts';
import { chargeUnopened } from './charges.ts';
import { diverge } from './divergence.ts';
import type { Moment } from './life.ts';
import type { CosignedHead } from './lot-seed.ts';
import { type Refusal, refuse } from './refusal.ts';
import type { Ballot, BuilderState, Entry, Outcome, Tally } from './state.ts';
import { noteCanary } from './tenure.ts';
import { isUnopened } from './weight.ts';

/** The entries about canaries that the log owes: new groups, and closes and verdicts of those under way. */
export function canariesDue(tally: Tally, timeMs: number, head: CosignedHead | undefined): Statement[] {
  const due: Statement[] = [];
  for (const digest of tally.canaryReleases) {
    const release = tally.releases.get(digest);
    const statement = release && canaryStatement(tally, release, timeMs, head);
    if (statement !== undefined) due.push(statement);
  }
  for (const digest of tally.openCanaries) {
    const canary = tally.canaries.get(digest);
    if (canary === undefined || timeMs < canaryDueMs(canary)) continue;
    const bound = { origin: tally.context.origin, timeMs, release: digest };
    if (canary.phase === 'committing') {
      due.push(makeStatement('close', subjectOf(canary), { ...bound, commitments: canary.committed }));
    } else {
      due.push(makeStatement('verdict', subjectOf(canary), { ...bound, ...outcomeOfCanary(canary) }));
    }
  }
  return due;
}

/** When the next of {@link canariesDue} comes, if nothing happens before. */
export function nextCanaryDueMs(tally: Tally): number {
  let next = Infinity;
  for (const digest of tally.canaryReleases) {
    const release = tally.releases.get(digest);
    if (release !== undefined && !waitsForSeed(release)) next = tally.timeMs;
  }
  for (const digest of tally.openCanaries) {
    const canary = tally.canaries.get(digest);
    if (canary !== undefined) next = Math.min(next, canaryDueMs(canary));
  }
  return next;
}

/** When the running window of a canary ends: with `windows.endEarly`, as soon as everybody has answered. */
function canaryDueMs(canary: CanaryState): number {
  const { endEarly } = canary.release.rules.windows;
  const ballots = canary.members.map((key) => canary.ballots.get(key));
  if (canary.phase === 'committing') {
    const spoken = ballots.every((ballot) => ballot?.commit !== undefined || ballot?.failure !== undefined);
    return endEarly && spoken ? 0 : canary.commitEndsMs;
  }
  if (canary.phase !== 'voting') return settledBy(canary) === undefined ? Infinity : 0;
  return endEarly && !ballots.some(isUnopened) ? 0 : canary.voteEndsMs;
}

/**
 * What a canary came to. `final`: two or more opened, all to the same, or the founders who settled it agree with one
 * who opened. `contested`: they disagree, and founders have not settled it. `failed`: fewer than two opened, or the
 * founders agree with nobody, so that the variant itself may be at fault.
 */
export function outcomeOfCanary(canary: CanaryState): Outcome {
  const opened = new Map<string, string[]>();
  for (const key of canary.members) {
    const ballot = canary.ballots.get(key);
    if (ballot?.vote === undefined || !isOpened(ballot)) continue;
    const { infoHashV2 } = ballot.vote;
    opened.set(infoHashV2, [...(opened.get(infoHashV2) ?? []), key]);
  }
  const groups = [...opened]
    .map(([infoHashV2, builders]) => ({ infoHashV2, builders }))
    .sort(
      (left, right) =>
        right.builders.length - left.builders.length || (left.infoHashV2 < right.infoHashV2 ? -1 : 1),
    );
  const settled = settledBy(canary);
  if (settled !== undefined) {
    return opened.has(settled.infoHashV2)
      ? { state: 'final', infoHashV2: settled.infoHashV2, groups }
      : { state: 'failed', infoHashV2: null, groups };
  }
  if (groups.length > 1) return { state: 'contested', infoHashV2: null, groups };
  const [only] = groups;
  if (only === undefined || only.builders.length < 2) return { state: 'failed', infoHashV2: null, groups };
  return { state: 'final', infoHashV2: only.infoHashV2, groups };
}

/** `close` and `verdict` of a canary come when they are due. */
export function judgeCanaryWindow(
  canary: CanaryState,
  kind: 'close' | 'verdict',
  timeMs: number,
): Refusal | undefined {
  if (kind === 'close') {
    if (canary.phase !== 'committing') return refuse('duplicate', 'this canary is closed already');
  } else {
    if (canary.phase === 'committing') return refuse('too-early', 'this canary is not closed yet');
    if (canary.phase === 'final' || canary.phase === 'failed') {
      return refuse('duplicate', 'this canary has its verdict already');
    }
  }
  return timeMs < canaryDueMs(canary) ? refuse('too-early', 'its window has not ended') : undefined;
}

/** What a `close` or `verdict` of a canary says that the count does not confirm. */
export function faultOfCanaryWindow(
  canary: CanaryState,
  { kind, predicate }: StatementOf<'close'> | StatementOf<'verdict'>,
): string | undefined {
  if (kind === 'close') {
    if (predicate.commitments === canary.committed) return undefined;
    return `close counts ${predicate.commitments} builders with a commitment, and there are ${canary.committed}`;
  }
  const { state, infoHashV2, groups } = outcomeOfCanary(canary);
  const same =
    predicate.state === state &&
    predicate.infoHashV2 === infoHashV2 &&
    JSON.stringify(predicate.groups.map((group) => [group.infoHashV2, group.builders])) ===
      JSON.stringify(groups.map((group) => [group.infoHashV2, group.builders]));
  return same
    ? undefined
    : `verdict of a canary says ${predicate.state}, and the count says ${state}, or in other groups`;
}

/** Ends the commit window of a canary; its vote window runs from here. */
export function applyCanaryClose(canary: CanaryState, entry: Entry): void {
  canary.phase = 'voting';
  canary.closeIndex = entry.index;
  canary.voteEndsMs = entry.timeMs + canary.release.rules.canary.voteSeconds * 1000;
}

/**
 * Ends a canary by the count's own outcome. Who matched gains one, unless it was public before; who built something else diverges, and who
 * has not opened its commitment is charged with it. While it is contested nobody is judged, but for those who contradicted themselves.
 */
export function applyCanaryVerdict(tally: Tally, canary: CanaryState, entry: Entry): void {
  const { state, infoHashV2 } = outcomeOfCanary(canary);
  const isFirst = canary.verdict === undefined;
  const isNew = infoHashV2 !== null && !isPublic(tally, canary, infoHashV2);
  canary.phase = state;
  canary.verdict = { index: entry.index, timeMs: entry.timeMs, infoHashV2 };
  tally.openCanaries.delete(canary.digest);
  for (const key of canary.members) {
    const builder = tally.builders.get(key);
    const ballot = canary.ballots.get(key);
    if (builder === undefined) continue;
    const passed = infoHashV2 !== null && isOpened(ballot) && ballot?.vote?.infoHashV2 === infoHashV2;
    const why =
      isFirst && ballot?.equivocationIndex !== undefined
        ? `it contradicted itself on a canary (entry ${ballot.equivocationIndex})`
        : failureOf(ballot, infoHashV2);
    if (passed) {
      builder.life.canaries.passed += 1;
      if (isNew) noteCanary(tally, builder, entry);
    } else if (why !== undefined) {
      builder.life.canaries.failed += 1;
      diverge(tally, builder, entry, canary.digest, why);
    } else if (infoHashV2 !== null && isUnopened(ballot)) {
      charge(tally, canary, builder, ballot, infoHashV2, entry);
    } else if (isFirst && ballot?.commit === undefined) builder.life.canaries.missed += 1;
  }
}

function charge(
  tally: Tally,
  { digest, release }: CanaryState,
  builder: BuilderState,
  ballot: Ballot | undefined,
  winner: string,
  moment: Moment,
): void {
  if (ballot?.commit === undefined) return;
  const { predicate, rules } = release;
  const unopened = { ...ballot.commit, release: digest, package: predicate.package, isCanary: true, winner };
  chargeUnopened(tally, builder, moment, unopened, rules.divergence.graceDays);
}

function failureOf(ballot: Ballot | undefined, infoHashV2: string | null): string | undefined {
  if (infoHashV2 === null || ballot?.commit === undefined || ballot.vote === undefined) return undefined;
  if (ballot.equivocationIndex !== undefined) return undefined;
  if (ballot.vote.infoHashV2 === infoHashV2) return undefined;
  return `it built another canary than the others (entry ${ballot.vote.index})`;
}

function isOpened(ballot: Ballot | undefined): boolean {
  return ballot?.commit !== undefined && ballot.vote !== undefined && ballot.equivocationIndex === undefined;
}

function subjectOf({ digest, release }: CanaryState): { name: string; sha256: string } {
  return { name: release.predicate.package, sha256: digest };
}
