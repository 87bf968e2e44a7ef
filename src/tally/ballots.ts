import { commitmentOf, type Predicate, type StatementOf } from '../statement/browser.ts';
import { type Refusal, refuse } from './refusal.ts';
import { type Ballot, ballotOf, type Entry, type Poll, type Said, type Tally } from './state.ts';
import { dayOf, noteActiveDay } from './tenure.ts';

/** How long an audit may take to its receipt, midnight or not. */
const MIDNIGHT_MS = 60_000;

/**
 * A commitment is taken while the commit window is open. A second, different one is taken too, as evidence of
 * equivocation; one piece of evidence is enough, so that nobody can fill a log with it.
 */
export function judgeCommit(
  release: Poll,
  { predicate }: StatementOf<'commit'>,
  key: string,
  timeMs: number,
): Refusal | undefined {
  if (release.phase === 'announced')
    return refuse('too-early', 'this release is not open for commitments yet');
  if (release.phase !== 'committing' || timeMs >= release.commitEndsMs) {
    return refuse('too-late', 'the commit window of this release has ended');
  }
  const ballot = release.ballots.get(key);
  if (ballot?.commit?.commitment === predicate.commitment) {
    return refuse('duplicate', `this commitment is entry ${ballot.commit.index}`);
  }
  return judgeEvidence(ballot);
}

/** A contradiction that the log holds needs no further one beside it. */
function judgeEvidence(ballot: Ballot | undefined): Refusal | undefined {
  if (ballot?.equivocationIndex === undefined) return undefined;
  return refuse(
    'taken',
    `it contradicted itself before (entry ${ballot.equivocationIndex}): nothing of it counts`,
  );
}

export function applyCommit(
  release: Poll,
  { predicate }: StatementOf<'commit'>,
  key: string,
  entry: Entry,
): void {
  const ballot = ballotOf(release, key);
  if (ballot.commit === undefined) {
    ballot.commit = { index: entry.index, commitment: predicate.commitment };
    release.committed += 1;
  } else ballot.equivocationIndex ??= entry.index;
}

/** Lets go of what nobody can ask for after a verdict: commitments that were opened. Their entries stay. */
export function forgetOpened(release: Poll): void {
  for (const { commit, vote } of release.ballots.values()) {
    if (commit !== undefined && vote !== undefined) commit.commitment = undefined;
  }
}

/** Keeps what a refused commitment shows: that its builder came too late. */
export function noteLateCommit(release: Poll, key: string, entry: Entry): void {
  const ballot = ballotOf(release, key);
  if (ballot.commit === undefined) ballot.lateCommitIndex ??= entry.index;
}

/** A failure is said instead of a commitment, never after one. */
export function judgeFailure(release: Poll, key: string, timeMs: number): Refusal | undefined {
  if (release.phase === 'announced') return refuse('too-early', 'this release is not open yet');
  if (release.phase !== 'committing' || timeMs >= release.commitEndsMs) {
    return refuse('too-late', 'the commit window of this release has ended');
  }
  const ballot = release.ballots.get(key);
  if (ballot?.commit !== undefined) {
    return refuse('taken', `after a commitment (entry ${ballot.commit.index}) only a vote is left`);
  }
  if (ballot?.failure !== undefined)
    return refuse('duplicate', `its failure is entry ${ballot.failure.index}`);
  return undefined;
}

export function applyFailure(
  release: Poll,
  { predicate }: StatementOf<'failure'>,
  key: string,
  entry: Entry,
): void {
  ballotOf(release, key).failure = { index: entry.index, reason: predicate.reason };
}

/**
 * A vote is taken between `close` and the end of the vote window, and opens its builder's commitment. Without
 * a commitment it is a mirror's: taken and never counted. A second, different vote is taken as evidence, and no
 * third.
 */
export function judgeVote(
  tally: Tally,
  release: Poll,
  { predicate }: StatementOf<'vote'>,
  key: string,
  timeMs: number,
): Refusal | undefined {
  if (release.phase === 'announced' || release.phase === 'committing') {
    return refuse('too-early', 'a vote before close would show others what to commit to: wait for close');
  }
  if (release.phase !== 'voting' || timeMs >= release.voteEndsMs) {
    return refuse('too-late', 'the vote window of this release has ended');
  }
  const ballot = release.ballots.get(key);
  if (ballot?.vote?.infoHashV2 === predicate.infoHashV2) {
    return refuse('duplicate', `this vote is entry ${ballot.vote.index}`);
  }
  if (ballot?.vote !== undefined || ballot?.commit === undefined) return judgeEvidence(ballot);
  if (ballot.equivocationIndex !== undefined) {
    return refuse(
      'does-not-open',
      `it committed twice (entry ${ballot.equivocationIndex}), so no vote of it counts`,
    );
  }
  const opened = commitmentOf(
    {
      origin: tally.context.origin,
      release: release.digest,
      key,
      salt: predicate.salt,
      infoHashV2: predicate.infoHashV2,
    },
    tally.context.sha256,
  );
  if (opened === ballot.commit.commitment) return undefined;
  return refuse(
    'does-not-open',
    `salt and infohash do not open the commitment of entry ${ballot.commit.index}`,
  );
}

export function applyVote(
  release: Poll,
  { predicate }: StatementOf<'vote'>,
  key: string,
  entry: Entry,
): void {
  const ballot = ballotOf(release, key);
  if (ballot.vote === undefined) {
    ballot.vote = { index: entry.index, ...saidBefore(release, predicate) };
  } else ballot.equivocationIndex ??= entry.index;
}

/** What a vote says, in the words of an equal one before: the count keeps what many say once. */
function saidBefore({ said }: Poll, { infoHashV2, output }: Predicate<'vote'>): Said {
  const known = said.get(infoHashV2);
  if (known === undefined) {
    const first = { infoHashV2, output };
    said.set(infoHashV2, first);
    return first;
  }
  const { name, sizeBytes, sha256 } = known.output;
  const same = output.name === name && output.sizeBytes === sizeBytes && output.sha256 === sha256;
  return { infoHashV2: known.infoHashV2, output: same ? known.output : output };
}

/** Audits go on after the verdict: then they show who is active, and move no vote. */
export function judgeAudit(release: Poll): Refusal | undefined {
  if (release.closeIndex !== undefined) return undefined;
  return refuse('too-early', 'nobody can vote before close, so there is nothing to audit');
}

/** What an audit says that the entries do not bear out. */
export function faultOfAudit(
  release: Poll,
  { predicate }: StatementOf<'audit'>,
  timeMs: number,
): string | undefined {
  const { infoHashV2, epoch, passed, failed } = predicate;
  if (epoch !== dayOf(timeMs) && epoch !== dayOf(timeMs - MIDNIGHT_MS)) {
    return `audit names the day ${epoch}, and its receipt day is ${dayOf(timeMs)}`;
  }
  const stranger = [...passed, ...failed].find((key) => !votedFor(release.ballots.get(key), infoHashV2));
  return stranger === undefined ? undefined : `audit names ${stranger}, who has no vote for that infohash`;
}

/**
 * Takes an audit. While votes are taken, who passed at an address that is not too new has its vote counted. A day
 * with a passed audit is an active one.
 */
export function applyAudit(
  tally: Tally,
  release: Poll,
  { predicate }: StatementOf<'audit'>,
  entry: Entry,
): void {
  const inTime = release.phase === 'voting' && entry.timeMs < release.voteEndsMs;
  for (const key of predicate.passed) {
    const ballot = release.ballots.get(key);
    if (ballot === undefined || !votedFor(ballot, predicate.infoHashV2)) continue;
    if (inTime && predicate.fresh.includes(key)) ballot.freshAuditIndex ??= entry.index;
    else if (inTime) ballot.auditIndex ??= entry.index;
    const builder = tally.builders.get(key);
    if (builder !== undefined) noteActiveDay(tally, builder, entry);
  }
}

function votedFor(ballot: Ballot | undefined, infoHashV2: string): boolean {
  return ballot?.vote?.infoHashV2 === infoHashV2;
}
