import { InternalError } from '../bytes/index.ts';
import type { Statement, StatementOf } from '../statement/browser.ts';
import {
  applyAudit,
  applyCommit,
  applyFailure,
  applyVote,
  faultOfAudit,
  judgeAudit,
  judgeCommit,
  judgeFailure,
  judgeVote,
  noteLateCommit,
} from './ballots.ts';
import { applyBuilder, judgeBuilder } from './builders.ts';
import { heartbeatDigest } from './due.ts';
import { advancePolicy, applyPolicy, judgePolicy, policyAt } from './policy.ts';
import { type Refusal, type RefusalCode, refuse } from './refusal.ts';
import { applyRelease, isAuthorised, judgeRelease } from './releases.ts';
import { type Entry, type ReleaseState, raiseAlarm, recordRefusal, type Tally } from './state.ts';
import { applyVerdict, faultOfVerdict, judgeVerdict } from './verdict.ts';
import { applyClose, applyOpen, faultOfClose, faultOfOpen, judgeClose, judgeOpen } from './windows.ts';

/** How far a signer's clock may run ahead of the log's. */
const AHEAD_MS = 10 * 60_000;
/** How old a statement may be when the log receives it. */
const OLDEST_MS = 24 * 3_600_000;

type LogStatement =
  | StatementOf<'open'>
  | StatementOf<'close'>
  | StatementOf<'audit'>
  | StatementOf<'verdict'>;
/** An entry, or what would be the next one; the digest matters for releases only. */
type Offer = Omit<Entry, 'payloadDigest'> & { readonly payloadDigest: string | undefined };
type BallotStatement = StatementOf<'commit'> | StatementOf<'failure'> | StatementOf<'vote'>;

/**
 * Counts one more entry. Entries come in the log's order, each once. Whatever an entry says, this never
 * throws: what counts for nothing is kept in `tally.refusals` with its reason, and what the log itself got
 * wrong in `tally.alarms`, while the recomputed result stands.
 */
export function countEntry(tally: Tally, entry: Entry): void {
  if (entry.index !== tally.size) {
    throw new InternalError(`entry ${entry.index} was handed to a tally that has counted ${tally.size}`);
  }
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
  const placed: Entry = { ...entry, timeMs: tally.timeMs };
  const refusal = judge(tally, placed);
  if (refusal === undefined) apply(tally, placed);
  else keepRefusal(tally, placed, refusal);
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
): Admission {
  const timeMs = Math.max(nowMs, tally.timeMs);
  const offer = { index: tally.size, timeMs, statement, signers, payloadDigest };
  const refusal = judge(tally, offer) ?? judgeAtDoor(tally, offer);
  return refusal === undefined ? { ok: true } : { ok: false, ...refusal };
}

function judgeAtDoor(tally: Tally, { statement, signers, timeMs }: Offer): Refusal | undefined {
  if (statement.kind === 'release' && !isAuthorised(tally, statement, signers, timeMs)) {
    return refuse('unknown-publisher', `the policy gives ${statement.predicate.package} to other keys`);
  }
  const fault = faultOf(tally, statement, timeMs);
  return fault === undefined ? undefined : refuse('wrong-content', fault);
}

function judge(tally: Tally, offer: Offer): Refusal | undefined {
  const { statement, signers, timeMs } = offer;
  const common = judgeBinding(tally, offer);
  if (common !== undefined) return common;
  switch (statement.kind) {
    case 'policy':
      return judgePolicy(tally, statement, signers, timeMs);
    case 'builder':
      return judgeBuilder(tally, statement, signers);
    case 'release':
      return judgeRelease(tally, statement, signers, timeMs, offer.payloadDigest);
    case 'heartbeat':
      return judgeHeartbeat(tally, statement, signers);
    case 'commit':
    case 'failure':
    case 'vote':
      return judgeBallot(tally, statement, signers, timeMs);
    default:
      return judgeLogStatement(tally, statement, signers, timeMs);
  }
}

/** What holds for every kind: a policy is in force, and the statement was made for this log, lately. */
function judgeBinding(tally: Tally, { index, timeMs, statement, signers }: Offer): Refusal | undefined {
  const genesis = index === 0 && statement.kind === 'policy';
  if (!genesis && policyAt(tally, timeMs) === undefined) {
    return refuse(
      'no-policy',
      'entry 0 of this log is no policy signed by enough of its founders: nothing counts',
    );
  }
  const { origin, timeMs: saidMs } = statement.predicate;
  if (origin !== tally.context.origin) {
    return refuse('wrong-origin', `it was made for the log ${origin}, and this is ${tally.context.origin}`);
  }
  if (saidMs > timeMs + AHEAD_MS || saidMs < timeMs - OLDEST_MS) {
    return refuse(
      'wrong-time',
      `its time ${saidMs} is not within a day before ${timeMs}: set the clock, sign again`,
    );
  }
  if (signers.length === 0) return refuse('wrong-signer', 'no signature on it is good');
  return undefined;
}

function judgeHeartbeat(
  tally: Tally,
  { subject }: StatementOf<'heartbeat'>,
  signers: readonly string[],
): Refusal | undefined {
  if (!signers.includes(tally.context.logKey))
    return refuse('wrong-signer', 'only the log signs a heartbeat');
  if (subject.sha256 === heartbeatDigest(tally)) return undefined;
  return refuse('wrong-subject', "a heartbeat's subject is the SHA-256 of the origin");
}

function judgeBallot(
  tally: Tally,
  statement: BallotStatement,
  signers: readonly string[],
  timeMs: number,
): Refusal | undefined {
  const [key] = signers;
  if (key === undefined || signers.length !== 1)
    return refuse('wrong-signer', 'a builder speaks by one key alone');
  if (!tally.builders.has(key))
    return refuse('unknown-builder', `builder ${key} is not registered: log it first`);
  const release = releaseOf(tally, statement);
  if ('code' in release) return release;
  switch (statement.kind) {
    case 'commit':
      return judgeCommit(release, statement, key, timeMs);
    case 'failure':
      return judgeFailure(release, key, timeMs);
    case 'vote':
      return judgeVote(tally, release, statement, key, timeMs);
  }
}

function judgeLogStatement(
  tally: Tally,
  statement: LogStatement,
  signers: readonly string[],
  timeMs: number,
): Refusal | undefined {
  if (!signers.includes(tally.context.logKey))
    return refuse('wrong-signer', `only the log signs ${statement.kind}`);
  const release = releaseOf(tally, statement);
  if ('code' in release) return release;
  switch (statement.kind) {
    case 'open':
      return judgeOpen(release);
    case 'close':
      return judgeClose(release, timeMs);
    case 'audit':
      return judgeAudit(release, timeMs);
    case 'verdict':
      return judgeVerdict(release, timeMs);
  }
}

function releaseOf(
  tally: Tally,
  { subject, predicate }: BallotStatement | LogStatement,
): ReleaseState | Refusal {
  const release = tally.releases.get(predicate.release);
  if (release === undefined)
    return refuse('unknown-release', `release ${predicate.release} is not in this log`);
  if (subject.name === release.predicate.package) return release;
  return refuse(
    'wrong-subject',
    `release ${predicate.release} is ${release.predicate.package}, not ${subject.name}`,
  );
}

/** What a log entry says that the count does not confirm. */
function faultOf(tally: Tally, statement: Statement, timeMs: number): string | undefined {
  if (!('release' in statement.predicate)) return undefined;
  const release = tally.releases.get(statement.predicate.release);
  if (release === undefined) return undefined;
  switch (statement.kind) {
    case 'open':
      return faultOfOpen(release, statement, timeMs);
    case 'close':
      return faultOfClose(release, statement);
    case 'audit':
      return faultOfAudit(release, statement);
    case 'verdict':
      return faultOfVerdict(release, statement);
    default:
      return undefined;
  }
}

function apply(tally: Tally, entry: Entry): void {
  const { statement } = entry;
  const fault = faultOf(tally, statement, entry.timeMs);
  if (fault !== undefined) raiseAlarm(tally, entry.index, fault);
  if (statement.kind === 'policy') applyPolicy(tally, statement, entry);
  else if (statement.kind === 'builder') applyBuilder(tally, statement, entry);
  else if (statement.kind === 'release') applyRelease(tally, statement, entry);
  else if (statement.kind !== 'heartbeat') applyToRelease(tally, statement, entry);
}

function applyToRelease(tally: Tally, statement: BallotStatement | LogStatement, entry: Entry): void {
  const release = tally.releases.get(statement.predicate.release);
  const key = entry.signers[0];
  if (release === undefined || key === undefined) return;
  switch (statement.kind) {
    case 'open':
      return applyOpen(release, statement, entry);
    case 'commit':
      return applyCommit(release, statement, key, entry);
    case 'failure':
      return applyFailure(release, statement, key, entry);
    case 'close':
      return applyClose(release, entry);
    case 'vote':
      return applyVote(release, statement, key, entry);
    case 'audit':
      return applyAudit(release, statement, entry);
    case 'verdict':
      return applyVerdict(tally, release, entry);
  }
}

/** A refusal is kept; where the log itself signed, it is an alarm too. */
function keepRefusal(tally: Tally, entry: Entry, refusal: Refusal): void {
  recordRefusal(tally, entry.index, refusal);
  const { statement, signers } = entry;
  if (signers.includes(tally.context.logKey)) {
    raiseAlarm(
      tally,
      entry.index,
      `the log signed a ${statement.kind} that counts for nothing: ${refusal.reason}`,
    );
  }
  if (entry.index === 0) raiseAlarm(tally, 0, refusal.reason);
  if (statement.kind !== 'commit' || refusal.code !== 'too-late') return;
  const release = tally.releases.get(statement.predicate.release);
  const [key] = signers;
  if (release !== undefined && key !== undefined) noteLateCommit(release, key, entry);
}
