import { dayText } from './builder-standing.ts';
import { chargeOn } from './charges.ts';
import { saidTwice } from './contradictions.ts';
import { wasEligibleAt, weightLostAt } from './life.ts';
import type { Ballot, ReleaseState, Tally } from './state.ts';
import { hasWeight, isCounted } from './weight.ts';

export type BuilderStatus = 'counts' | 'waiting' | 'not counted';

/** Whether a builder counts on a release, and why, in one sentence that names the entries which prove it. */
export interface Standing {
  readonly status: BuilderStatus;
  readonly reason: string;
}

/** The standing of one builder on one release, as the log stands. */
export function standingOf(tally: Tally, release: ReleaseState, key: string): Standing {
  const ballot = release.ballots.get(key);
  const excluded = exclusionOf(tally, release, key, ballot);
  if (excluded !== undefined) return notCounted(excluded);
  const { ended } = release;
  if (ended !== undefined && release.verdict === undefined) {
    return notCounted(`this release was ${ended.kind} before its verdict (entry ${ended.index})`);
  }
  if (ballot?.commit === undefined) return withoutCommitment(release, ballot);
  return withCommitment(tally, release, key, ballot, ballot.commit.index);
}

/** What takes a builder's weight away whatever it does next. */
function exclusionOf(
  tally: Tally,
  release: ReleaseState,
  key: string,
  ballot: Ballot | undefined,
): string | undefined {
  const twice = ballot && saidTwice(ballot);
  if (twice !== undefined) {
    const { what, entries } = twice;
    return `logged two different ${what} (entries ${entries.join(' and ')}), so neither counts`;
  }
  if (ballot?.vote !== undefined && ballot.commit === undefined) {
    const late =
      ballot.lateCommitIndex === undefined
        ? ''
        : ` (its commitment, entry ${ballot.lateCommitIndex}, came after)`;
    return `voted without a commitment before close${late} — a mirror seeds but never counts`;
  }
  if (!release.authorised)
    return 'this release is by a publisher whom the policy does not know, so it has no panel';
  if (release.rival) return 'another release holds this name, so this one has no panel';
  if (release.draw.onPanel.has(key))
    return hasWeight(tally, release, key) ? undefined : lostWeight(tally, release, key);
  const heir = release.passed.get(key);
  if (heir !== undefined) {
    return `had not committed by half of the commit window, so its seat passed on to ${heir.slice(0, 8)}`;
  }
  const why = release.draw.leftOut.get(key);
  if (why !== undefined) return `not on the panel: ${why}`;
  const builder = tally.builders.get(key);
  if (builder === undefined) return 'its key is not registered';
  return wasEligibleAt(builder, release.place.index)
    ? `not on the panel: the lot gave its ${release.rules.panelSeats} seats to others`
    : 'not on the panel: it was not eligible when this release was logged';
}

function lostWeight(tally: Tally, release: ReleaseState, key: string): string {
  const index = weightLostAt(tally, key, release.place.index, Infinity);
  return tally.builders.get(key)?.life.revoked?.index === index
    ? `was revoked after this release (entry ${index})`
    : `has a new key since (entry ${index}), which has no weight until it has cooled`;
}

function withoutCommitment(release: ReleaseState, ballot: Ballot | undefined): Standing {
  if (ballot?.failure !== undefined) {
    return notCounted(
      `reported that it could not build this (entry ${ballot.failure.index}); absence is not dissent`,
    );
  }
  if (ballot?.lateCommitIndex !== undefined) {
    return notCounted(`committed after the commit window had ended (entry ${ballot.lateCommitIndex})`);
  }
  if (release.phase === 'announced') return waiting('the release is not open yet');
  if (release.phase === 'committing') return waiting('has not committed yet');
  return notCounted('no commitment before close; absence is not dissent');
}

function withCommitment(
  tally: Tally,
  release: ReleaseState,
  key: string,
  ballot: Ballot,
  committed: number,
): Standing {
  const { vote, auditIndex } = ballot;
  if (release.phase === 'committing')
    return waiting(`committed (entry ${committed}); the commitment is opened after close`);
  const ended = release.phase !== 'voting';
  if (vote === undefined) {
    return ended
      ? {
          status: 'counts',
          reason: `counts as dissent: committed before close (entry ${committed}) and ${openedLate(tally, release, key)}`,
        }
      : waiting(`committed before close (entry ${committed}), not yet opened; never opening it is dissent`);
  }
  const opened = `committed before close (entry ${committed}), opened (entry ${vote.index})`;
  if (isCounted(ballot))
    return { status: 'counts', reason: `counts: ${opened}, audited (entry ${auditIndex})` };
  return ended
    ? notCounted(
        `${opened}, but ${ballot.freshAuditIndex === undefined ? 'no audit saw it seed before the vote window ended' : `only audits at an address that was too new (entry ${ballot.freshAuditIndex}) saw it seed`}`,
      )
    : waiting(`${opened}; an audit has not yet seen it seed`);
}

/** What became of a commitment that was not opened in time. */
function openedLate(tally: Tally, release: ReleaseState, key: string): string {
  const index = release.openedLate?.get(key);
  if (index !== undefined) return `opened only after the verdict (entry ${index})`;
  const charge = chargeOn(tally, key, release.digest, tally.timeMs);
  return charge === undefined ? 'never opened' : `not opened yet; it has until ${dayText(charge.dueMs)}`;
}

function waiting(why: string): Standing {
  return { status: 'waiting', reason: `waiting: ${why}` };
}

function notCounted(why: string): Standing {
  return { status: 'not counted', reason: `not counted: ${why}` };
}
