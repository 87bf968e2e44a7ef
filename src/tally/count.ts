import { InternalError } from '../bytes/index.ts';
import type { Statement, StatementOf } from '../statement/browser.ts';
import { admitByWitnesses, advanceAdmissions } from './admission.ts';
import { applyAudit, applyCommit, applyFailure, applyVote, noteLateCommit } from './ballots.ts';
import { applyBuilder } from './builders.ts';
import { planCanaries } from './canaries.ts';
import { noteLateCanaryCommit } from './canary-ballots.ts';
import { applyCanaryEntry, canaryOf } from './canary-entries.ts';
import { applyLateVote, chargeOn, wakeBuilders } from './charges.ts';
import { passSeats } from './half-time.ts';
import { type BallotStatement, faultOf, judge, type LogStatement, type Offer } from './judge.ts';
import { applyRevoke, applyRotate, identityOf } from './keys.ts';
import { markDirty } from './light-state.ts';
import { advancePolicy, applyPolicy } from './policy.ts';
import { touchProvisional } from './provisional.ts';
import { type Refusal, type RefusalCode, refuse } from './refusal.ts';
import { applyRelease, isAuthorised } from './releases.ts';
import { type Entry, raiseAlarm, recordRefusal, type Tally } from './state.ts';
import { applyState, faultOfState, growMap, takeState } from './state-map.ts';
import { applyTurn, isTurn } from './turns.ts';
import { applyVerdict } from './verdict.ts';
import { applyClose, applyOpen } from './windows.ts';

/**
 * Counts one more entry. Entries come in the log's order, each once. Whatever an entry says, this never
 * throws: what counts for nothing is kept in `tally.refusals` with its reason, and what the log itself got
 * wrong in `tally.alarms`, while the recomputed result stands.
 */
export function countEntry(tally: Tally, entry: Entry): void {
  if (entry.index !== tally.size) {
    throw new InternalError(`entry ${entry.index} was handed to a tally that has counted ${tally.size}`);
  }
  const { statement, signers } = entry;
  const isState = statement.kind === 'state' && signers[0] === tally.context.logKey;
  const taken = isState ? takeState(tally) : undefined;
  tally.size += 1;
  if (entry.timeMs < tally.timeMs) {
    raiseAlarm(
      tally,
      entry.index,
      `receipt time ${entry.timeMs} is before that of an earlier entry, ${tally.timeMs}`,
    );
  }
  tally.timeMs = Math.max(tally.timeMs, entry.timeMs);
  advancePolicy(tally);
  const now = { index: entry.index, timeMs: tally.timeMs };
  wakeBuilders(tally, now);
  advanceAdmissions(tally, now);
  passSeats(tally);
  const placed: Entry = { ...entry, timeMs: tally.timeMs };
  const refusal = judge(tally, placed);
  if (refusal !== undefined) {
    keepRefusal(tally, placed, refusal);
  } else if (statement.kind === 'state' && taken !== undefined) {
    const fault = faultOfState(statement, taken);
    if (fault !== undefined) raiseAlarm(tally, entry.index, fault);
    applyState(tally, taken, placed);
  } else apply(tally, placed);
  growMap(tally);
}

/** What {@link admits} answers. */
export type Admission =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: RefusalCode; readonly reason: string };

/**
 * The door check before a log appends: whether a statement, if it were the next entry, would count or be
 * evidence. Stricter than the count, which must live with what a log holds: releases by unknown publishers
 * and log entries that the count does not confirm stay out.
 */
export function admits(
  tally: Tally,
  statement: Statement,
  signers: readonly string[],
  nowMs: number,
  payloadDigest?: string,
  witnessed?: readonly string[],
): Admission {
  const timeMs = Math.max(nowMs, tally.timeMs);
  const offer = {
    index: tally.size,
    timeMs,
    statement,
    signers,
    payloadDigest,
    ...(witnessed && { witnessed }),
  };
  const refusal = judge(tally, offer) ?? judgeAtDoor(tally, offer);
  return refusal === undefined ? { ok: true } : { ok: false, ...refusal };
}

function judgeAtDoor(tally: Tally, { statement, signers, timeMs }: Offer): Refusal | undefined {
  if (statement.kind === 'release' && !isAuthorised(tally, statement, signers, timeMs)) {
    return refuse('unknown-publisher', `the policy gives ${statement.predicate.package} to other keys`);
  }
  const fault =
    statement.kind === 'state'
      ? faultOfState(statement, takeState(tally))
      : faultOf(tally, statement, timeMs);
  return fault === undefined ? undefined : refuse('wrong-content', fault);
}

function apply(tally: Tally, entry: Entry): void {
  const { statement } = entry;
  const fault = faultOf(tally, statement, entry.timeMs);
  if (fault !== undefined) raiseAlarm(tally, entry.index, fault);
  if (statement.kind === 'vote' && openLate(tally, statement, entry)) return;
  touch(tally, statement);
  if (statement.kind === 'policy' || isTurn(statement)) tally.acted.add(entry.payloadDigest);
  if (statement.kind === 'policy') applyPolicy(tally, statement, entry);
  else if (statement.kind === 'builder') applyBuilder(tally, statement, entry);
  else if (statement.kind === 'rotate') applyRotate(tally, statement, entry);
  else if (statement.kind === 'revoke') applyRevoke(tally, statement, entry);
  else if (statement.kind === 'release') applyRelease(tally, statement, entry);
  else if (applyCanaryEntry(tally, statement, entry)) return;
  else if (isTurn(statement)) applyTurn(tally, statement, entry);
  else if (isAboutRelease(statement)) applyToRelease(tally, statement, entry);
}

/** Takes a vote that opens its builder's commitment after the verdict; whether it is such a one. */
function openLate(tally: Tally, statement: StatementOf<'vote'>, entry: Entry): boolean {
  const key = identityOf(tally, entry.signers[0] ?? '') ?? '';
  const charge = chargeOn(tally, key, statement.predicate.release, entry.timeMs);
  if (charge === undefined) return false;
  applyLateVote(tally, charge, statement, key, entry);
  return true;
}

/** What may move an urgent release to `provisional` and back. */
function touch(tally: Tally, statement: Statement): void {
  if (statement.kind === 'rotate' || statement.kind === 'revoke') touchProvisional(tally, tally.unfinished);
  else if (statement.kind === 'vote' || statement.kind === 'audit') {
    touchProvisional(tally, [statement.predicate.release]);
  }
}

function isAboutRelease(statement: Statement): statement is BallotStatement | LogStatement {
  return ['open', 'commit', 'failure', 'close', 'vote', 'audit', 'verdict'].includes(statement.kind);
}

function applyToRelease(tally: Tally, statement: BallotStatement | LogStatement, entry: Entry): void {
  const release = tally.releases.get(statement.predicate.release);
  const signer = entry.signers[0] ?? '';
  const key = identityOf(tally, signer) ?? signer;
  if (release === undefined) return;
  switch (statement.kind) {
    case 'open':
      markDirty(tally, `release:${release.digest}`);
      applyOpen(tally, release, statement, entry);
      return admitByWitnesses(tally, release, entry);
    case 'commit':
      return applyCommit(release, statement, key, entry);
    case 'failure':
      return applyFailure(release, statement, key, entry);
    case 'close':
      markDirty(tally, `release:${release.digest}`);
      applyClose(release, entry);
      return planCanaries(tally, release, entry);
    case 'vote':
      return applyVote(release, statement, key, entry);
    case 'audit':
      return applyAudit(tally, release, statement, entry);
    case 'verdict':
      return applyVerdict(tally, release, entry);
  }
}

/**
 * A refusal is kept; where the log itself signed, it is an alarm too. Not so for an audit: one may cross the end
 * of the vote window on its way into the log, and does no harm.
 */
function keepRefusal(tally: Tally, entry: Entry, refusal: Refusal): void {
  recordRefusal(tally, entry.index, refusal);
  const { statement, signers } = entry;
  if (statement.kind !== 'audit' && signers.includes(tally.context.logKey)) {
    raiseAlarm(
      tally,
      entry.index,
      `the log signed a ${statement.kind} that counts for nothing: ${refusal.reason}`,
    );
  }
  if (entry.index === 0) raiseAlarm(tally, 0, refusal.reason);
  if (statement.kind !== 'commit' || refusal.code !== 'too-late') return;
  const release = tally.releases.get(statement.predicate.release);
  const key = identityOf(tally, signers[0] ?? '');
  const canary = canaryOf(tally, statement);
  if (canary !== undefined && key !== undefined) noteLateCanaryCommit(canary, key, entry);
  if (release !== undefined && key !== undefined) noteLateCommit(release, key, entry);
}
