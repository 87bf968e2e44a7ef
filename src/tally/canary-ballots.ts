import type { StatementOf } from '../statement/browser.ts';
import {
  applyCommit,
  applyFailure,
  applyVote,
  judgeCommit,
  judgeFailure,
  judgeVote,
  noteLateCommit,
} from './ballots.ts';
import type { CanaryState, Rebuild } from './canaries.ts';
import { headOver } from './electorate.ts';
import { DAY_MS } from './life.ts';
import { policyAt } from './policy.ts';
import { type Refusal, refuse } from './refusal.ts';
import type { Entry, Tally } from './state.ts';

/** What a builder signs about a canary. */
type Ballot = StatementOf<'commit'> | StatementOf<'failure'> | StatementOf<'vote'>;

/**
 * A canary's members commit and reveal like a panel. When they disagree, founders who are not among them rebuild the
 * variant too, and as many as the policy asks for settle it when they come to the same in time. Each has the vote of
 * its cluster, so that no two of them are one.
 */
export function judgeCanaryBallot(
  tally: Tally,
  canary: CanaryState,
  statement: Ballot,
  key: string,
  timeMs: number,
): Refusal | undefined {
  if (!canary.members.includes(key)) return judgeRebuild(tally, canary, statement, key, timeMs);
  switch (statement.kind) {
    case 'commit':
      return judgeCommit(canary, statement, key, timeMs);
    case 'failure':
      return judgeFailure(canary, key, timeMs);
    case 'vote':
      return judgeVote(tally, canary, statement, key, timeMs);
  }
}

function judgeRebuild(
  tally: Tally,
  canary: CanaryState,
  statement: Ballot,
  key: string,
  timeMs: number,
): Refusal | undefined {
  const builder = tally.builders.get(key);
  const settles =
    statement.kind === 'vote' &&
    policyAt(tally, timeMs)?.rules.founders.includes(key) === true &&
    builder?.life.eligible === true;
  if (!settles) return refuse('wrong-signer', 'the lot gave this canary to other builders');
  const { phase, verdict, rebuilds, release } = canary;
  if (phase !== 'contested' || verdict === undefined) {
    return refuse('too-early', 'a founder rebuilds a canary only when its members disagree');
  }
  const { settleDays } = release.rules.canary;
  if (timeMs >= verdict.timeMs + settleDays * DAY_MS) {
    return refuse(
      'too-late',
      `its members disagreed more than ${settleDays} days ago: nobody is judged by it`,
    );
  }
  const head = headOver(tally, builder, 'any');
  if (head !== undefined) {
    return refuse('wrong-signer', `builder ${head} has the vote of its operator or network, here too`);
  }
  const own = rebuilds.find((rebuild) => rebuild.key === key);
  if (own !== undefined) return refuse('duplicate', `it said what it came to in entry ${own.index}`);
  const settled = settledBy(canary);
  return settled && refuse('duplicate', `this canary is settled by entry ${settled.index}`);
}

/** The founder's rebuild that settled a canary: with it, as many as the policy asks for say the same. */
export function settledBy({ rebuilds, release }: CanaryState): Rebuild | undefined {
  const { settlers } = release.rules.canary;
  return rebuilds.find(
    ({ infoHashV2 }, at) =>
      rebuilds.slice(0, at + 1).filter((rebuild) => rebuild.infoHashV2 === infoHashV2).length >= settlers,
  );
}

/** Takes a ballot that {@link judgeCanaryBallot} let pass. */
export function applyCanaryBallot(
  tally: Tally,
  canary: CanaryState,
  statement: Ballot,
  key: string,
  entry: Entry,
): void {
  if (statement.kind === 'commit') applyCommit(canary, statement, key, entry);
  else if (statement.kind === 'failure') applyFailure(canary, statement, key, entry);
  else if (canary.members.includes(key)) applyVote(canary, statement, key, entry);
  else {
    canary.rebuilds.push({ index: entry.index, key, infoHashV2: statement.predicate.infoHashV2 });
    if (settledBy(canary) !== undefined) tally.openCanaries.add(canary.digest);
  }
}

/** Keeps that a member's commitment came too late. */
export function noteLateCanaryCommit(canary: CanaryState, key: string, entry: Entry): void {
  if (canary.members.includes(key)) noteLateCommit(canary, key, entry);
}
