import type { Statement } from '../statement/browser.ts';
import { applyAudit, faultOfAudit, judgeAudit } from './ballots.ts';
import { applyCanary, type CanaryState, faultOfCanary } from './canaries.ts';
import { applyCanaryBallot, judgeCanaryBallot } from './canary-ballots.ts';
import {
  applyCanaryClose,
  applyCanaryVerdict,
  faultOfCanaryWindow,
  judgeCanaryWindow,
} from './canary-verdict.ts';
import type { BallotStatement, LogStatement } from './judge.ts';
import { identityOf } from './keys.ts';
import { type Refusal, refuse } from './refusal.ts';
import type { Entry, Tally } from './state.ts';

/** The canary that a statement names as its `release`, if it names one. */
export function canaryOf(tally: Tally, statement: Statement): CanaryState | undefined {
  return 'release' in statement.predicate ? tally.canaries.get(statement.predicate.release) : undefined;
}

/** Why an entry about a canary counts for nothing, its signer being who may sign such a one. */
export function judgeAboutCanary(
  tally: Tally,
  canary: CanaryState,
  statement: BallotStatement | LogStatement,
  key: string,
  timeMs: number,
): Refusal | undefined {
  const { predicate } = canary.release;
  if (statement.subject.name !== predicate.package) {
    return refuse('wrong-subject', `canary ${canary.digest} is of ${predicate.package}`);
  }
  switch (statement.kind) {
    case 'open':
      return refuse('duplicate', 'a canary is open from its own entry on');
    case 'audit':
      return judgeAudit(canary);
    case 'close':
    case 'verdict':
      return judgeCanaryWindow(canary, statement.kind, timeMs);
    default:
      return judgeCanaryBallot(tally, canary, statement, key, timeMs);
  }
}

/** What an entry of the log about canaries says that the count does not confirm. */
export function faultOfCanaryEntry(tally: Tally, statement: Statement, timeMs: number): string | undefined {
  if (statement.kind === 'canary') return faultOfCanary(tally, statement, timeMs);
  const canary = canaryOf(tally, statement);
  if (canary === undefined) return undefined;
  if (statement.kind === 'audit') return faultOfAudit(canary, statement, timeMs);
  return statement.kind === 'close' || statement.kind === 'verdict'
    ? faultOfCanaryWindow(canary, statement)
    : undefined;
}

/** Takes a canary, or an entry about one; whether the statement was such a one. */
export function applyCanaryEntry(tally: Tally, statement: Statement, entry: Entry): boolean {
  if (statement.kind === 'canary') {
    applyCanary(tally, statement, entry);
    return true;
  }
  const canary = canaryOf(tally, statement);
  if (canary === undefined) return false;
  if (statement.kind === 'audit') applyAudit(tally, canary, statement, entry);
  else if (statement.kind === 'close') applyCanaryClose(canary, entry);
  else if (statement.kind === 'verdict') applyCanaryVerdict(tally, canary, entry);
  else if (statement.kind === 'commit' || statement.kind === 'failure' || statement.kind === 'vote') {
    applyCanaryBallot(tally, canary, statement, identityOf(tally, entry.signers[0] ?? '') ?? '', entry);
  }
  return true;
}
