import type { Statement, StatementOf } from '../statement/browser.ts';
import { releaseOf } from './about-release.ts';
import { faultOfAudit, judgeAudit, judgeCommit, judgeFailure, judgeVote } from './ballots.ts';
import { judgeBuilder } from './builders.ts';
import { judgeCanary } from './canaries.ts';
import { canaryOf, faultOfCanaryEntry, judgeAboutCanary } from './canary-entries.ts';
import { chargeOn, judgeLateVote } from './charges.ts';
import { heartbeatDigest } from './due.ts';
import { identityOf, judgeRevoke, judgeRotate, revokedBefore } from './keys.ts';
import { judgePolicy, policyAt } from './policy.ts';
import { type Refusal, refuse } from './refusal.ts';
import { judgeRelease } from './releases.ts';
import type { Entry, Tally } from './state.ts';
import { judgeState } from './state-map.ts';
import { judgeTurn } from './turns.ts';
import { faultOfVerdict, judgeVerdict } from './verdict.ts';
import { faultOfClose, faultOfOpen, judgeClose, judgeOpen, neverOpens } from './windows.ts';

/** How far a signer's clock may run ahead of the log's. */
const AHEAD_MS = 10 * 60_000;
/** How old a statement may be when the log receives it. */
const OLDEST_MS = 24 * 3_600_000;

/** What only the log signs about a release. */
export type LogStatement =
  | StatementOf<'open'>
  | StatementOf<'close'>
  | StatementOf<'audit'>
  | StatementOf<'verdict'>;

/** What only a builder signs about a release. */
export type BallotStatement = StatementOf<'commit'> | StatementOf<'failure'> | StatementOf<'vote'>;

/** An entry, or what would be the next one; the digest matters for releases, policies and turns only. */
export type Offer = Omit<Entry, 'payloadDigest'> & { readonly payloadDigest: string | undefined };

/** Why an entry counts for nothing, by the rules of its kind and those of all kinds; nothing when it counts. */
export function judge(tally: Tally, offer: Offer): Refusal | undefined {
  const { statement, signers, timeMs } = offer;
  const common = judgeBinding(tally, offer) ?? judgeSigners(tally, offer);
  if (common !== undefined) return common;
  switch (statement.kind) {
    case 'policy':
      return judgePolicy(tally, statement, signers, timeMs);
    case 'builder':
      return judgeBuilder(tally, statement, signers);
    case 'release':
      return judgeRelease(tally, statement, signers, timeMs, offer.payloadDigest);
    case 'heartbeat':
      return judgeHeartbeat(tally, statement);
    case 'commit':
    case 'failure':
    case 'vote':
      return judgeBallot(tally, statement, signers, timeMs);
    case 'open':
    case 'close':
    case 'audit':
    case 'verdict':
      return judgeLogStatement(tally, statement, offer);
    case 'rotate':
      return judgeRotate(tally, statement, signers);
    case 'revoke':
      return judgeRevoke(tally, statement, signers);
    case 'state':
      return judgeState(tally, timeMs);
    case 'supersede':
    case 'takedown':
    case 'revote':
      return judgeTurn(tally, statement, signers, timeMs);
    case 'canary':
      return judgeCanary(tally, statement, offer);
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

/**
 * For a log, the same words under one more signature are another entry. So that nobody brings what others signed into
 * it again by adding a signature: the log's own words have its signature alone, and a policy or a turn acts once.
 */
function judgeSigners(tally: Tally, { statement, signers, payloadDigest }: Offer): Refusal | undefined {
  switch (statement.kind) {
    case 'open':
    case 'close':
    case 'audit':
    case 'verdict':
    case 'canary':
    case 'state':
    case 'heartbeat':
      if (signers.length === 1 && signers[0] === tally.context.logKey) return undefined;
      return refuse('wrong-signer', `only the log signs ${statement.kind}, and nobody beside it`);
    case 'policy':
    case 'supersede':
    case 'takedown':
    case 'revote':
      if (payloadDigest === undefined || !tally.acted.has(payloadDigest)) return undefined;
      return refuse(
        'duplicate',
        `this ${statement.kind} has acted before, under other signatures: make a new one`,
      );
    default:
      return undefined;
  }
}

function judgeHeartbeat(tally: Tally, { subject }: StatementOf<'heartbeat'>): Refusal | undefined {
  if (subject.sha256 === heartbeatDigest(tally)) return undefined;
  return refuse('wrong-subject', "a heartbeat's subject is the SHA-256 of the origin");
}

function judgeBallot(
  tally: Tally,
  statement: BallotStatement,
  signers: readonly string[],
  timeMs: number,
): Refusal | undefined {
  const [signer] = signers;
  if (signer === undefined || signers.length !== 1)
    return refuse('wrong-signer', 'a builder speaks by one key alone');
  const key = identityOf(tally, signer);
  const builder = key === undefined ? undefined : tally.builders.get(key);
  if (key === undefined || builder === undefined)
    return refuse(
      'unknown-builder',
      `${signer} is no builder's key now: register it, or sign by the one it rotated to`,
    );
  const gone = revokedBefore(builder);
  if (gone !== undefined) return gone;
  const charge = chargeOn(tally, key, statement.predicate.release, timeMs);
  if (statement.kind === 'vote' && charge !== undefined) return judgeLateVote(tally, charge, statement, key);
  const canary = canaryOf(tally, statement);
  if (canary !== undefined) return judgeAboutCanary(tally, canary, statement, key, timeMs);
  const release = releaseOf(tally, statement);
  if ('code' in release) return release;
  const never = neverOpens(release);
  if (never !== undefined) return never;
  if (release.round > 0 && statement.predicate.timeMs < release.place.timeMs - AHEAD_MS) {
    return refuse(
      'wrong-time',
      `it was made before entry ${release.place.index} asked for this round: sign again`,
    );
  }
  switch (statement.kind) {
    case 'commit':
      return judgeCommit(release, statement, key, timeMs);
    case 'failure':
      return judgeFailure(release, key, timeMs);
    case 'vote':
      return judgeVote(tally, release, statement, key, timeMs);
  }
}

function judgeLogStatement(tally: Tally, statement: LogStatement, offer: Offer): Refusal | undefined {
  const { timeMs } = offer;
  const canary = canaryOf(tally, statement);
  if (canary !== undefined) return judgeAboutCanary(tally, canary, statement, tally.context.logKey, timeMs);
  const release = releaseOf(tally, statement);
  if ('code' in release) return release;
  switch (statement.kind) {
    case 'open':
      return judgeOpen(release, statement, offer);
    case 'close':
      return judgeClose(release, timeMs);
    case 'audit':
      return judgeAudit(release);
    case 'verdict':
      return judgeVerdict(release, timeMs);
  }
}

/** What an entry of the log says that the count does not confirm. */
export function faultOf(tally: Tally, statement: Statement, timeMs: number): string | undefined {
  if (!('release' in statement.predicate)) return undefined;
  const release = tally.releases.get(statement.predicate.release);
  if (release === undefined || statement.kind === 'canary') {
    return faultOfCanaryEntry(tally, statement, timeMs);
  }
  switch (statement.kind) {
    case 'open':
      return faultOfOpen(tally, release, statement, timeMs);
    case 'close':
      return faultOfClose(release, statement);
    case 'audit':
      return faultOfAudit(release, statement, timeMs);
    case 'verdict':
      return faultOfVerdict(tally, release, statement);
    default:
      return undefined;
  }
}
