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
import type { CanaryState } from './canaries.ts';
import { policyAt } from './policy.ts';
import { type Refusal, refuse } from './refusal.ts';
import type { Entry, Tally } from './state.ts';

/** What a builder signs about a canary. */
type Ballot = StatementOf<'commit'> | StatementOf<'failure'> | StatementOf<'vote'>;

/**
 * A canary's members commit and reveal like a panel. When they disagree, the first vote of an eligible founder who
 * is not one of them settles it: it rebuilt the variant too.
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
  const settles =
    statement.kind === 'vote' &&
    policyAt(tally, timeMs)?.rules.founders.includes(key) === true &&
    tally.builders.get(key)?.life.eligible === true;
  if (!settles) return refuse('wrong-signer', 'the lot gave this canary to other builders');
  if (canary.phase !== 'contested') {
    return refuse('too-early', 'a founder rebuilds a canary only when its members disagree');
  }
  if (canary.rebuilt === undefined) return undefined;
  return refuse('duplicate', `this canary is settled by entry ${canary.rebuilt.index}`);
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
    canary.rebuilt = { index: entry.index, key, infoHashV2: statement.predicate.infoHashV2 };
    tally.openCanaries.add(canary.digest);
  }
}

/** Keeps that a member's commitment came too late. */
export function noteLateCanaryCommit(canary: CanaryState, key: string, entry: Entry): void {
  if (canary.members.includes(key)) noteLateCommit(canary, key, entry);
}
