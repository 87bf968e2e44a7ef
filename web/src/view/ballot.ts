import type { BuilderOnRelease, ReleaseSummary } from '../api/types.ts';

/** What stands on one seat of the panel: a counted vote, a sealed commitment, or nothing yet. */
export type SeatKind = 'winner' | 'leading' | 'dissent' | 'sealed' | 'empty';

export interface Seat {
  readonly kind: SeatKind;
  /** True on the seat with which quorum is reached. */
  readonly quorum: boolean;
}

/** A stretch of a bar, as parts of its whole length. */
export interface Stretch {
  readonly kind: SeatKind;
  readonly start: number;
  readonly length: number;
}

/** The panel's votes on a release, largest group first. */
export interface Ballot {
  readonly seats: number;
  readonly quorum: number;
  readonly runs: readonly { readonly kind: SeatKind; readonly count: number }[];
}

/**
 * Lays out the panel of a release: the largest group grows from the left towards the quorum, other groups stand
 * at the right end, sealed commitments and empty seats between, so that votes for other bytes never seem to fill
 * a quorum.
 */
export function ballotOf(release: ReleaseSummary): Ballot {
  const groups = [...release.groups]
    .filter((group) => group.counted > 0)
    .sort((a, b) => b.counted - a.counted);
  const runs = groups.map((group, place) => ({
    kind: kindOf(release, group.infoHashV2, place),
    count: group.counted,
  }));
  const unopened = (release.builders ?? []).filter(isUnopened).length;
  if (unopened > 0) runs.push({ kind: 'dissent', count: unopened });
  const votes = runs.reduce((sum, run) => sum + run.count, 0);
  const seats = Math.max(release.panel.length, votes, release.quorum);
  const sealed = Math.min(sealedOn(release), seats - votes);
  const favoured = runs.filter((run) => run.kind !== 'dissent');
  const dissent = runs.filter((run) => run.kind === 'dissent').reverse();
  const between = [
    { kind: 'sealed' as const, count: sealed },
    { kind: 'empty' as const, count: seats - votes - sealed },
  ];
  const all = [...favoured, ...between, ...dissent].filter((run) => run.count > 0);
  return { seats, quorum: release.quorum, runs: all };
}

/** The ballot of one group alone: its counted votes, and room up to the whole panel. */
export function groupBallot(release: ReleaseSummary, infoHashV2: string, counted: number): Ballot {
  const place = release.groups[0]?.infoHashV2 === infoHashV2 ? 0 : 1;
  const seats = Math.max(release.panel.length, counted, release.quorum);
  const runs = [
    { kind: kindOf(release, infoHashV2, place), count: counted },
    { kind: 'empty' as const, count: seats - counted },
  ].filter((run) => run.count > 0);
  return { seats, quorum: release.quorum, runs };
}

/** Seat by seat, for panels small enough to count with the eye. */
export function seatsOf(ballot: Ballot): Seat[] {
  const kinds = ballot.runs.flatMap((run) => Array.from({ length: run.count }, () => run.kind));
  return kinds.map((kind, index) => ({ kind, quorum: index + 1 === ballot.quorum }));
}

/** As stretches of one bar, for panels too large for seats; `quorumAt` is where the quorum line stands. */
export function stretchesOf(ballot: Ballot): { stretches: Stretch[]; quorumAt: number } {
  const whole = Math.max(1, ballot.seats);
  let start = 0;
  const stretches = ballot.runs.map((run) => {
    const stretch = { kind: run.kind, start, length: run.count / whole };
    start += stretch.length;
    return stretch;
  });
  return { stretches, quorumAt: Math.min(1, ballot.quorum / whole) };
}

/** The ballot in words, for those who do not see it. */
export function ballotWords(ballot: Ballot): string {
  const names: Record<SeatKind, string> = {
    winner: 'agree on the winner',
    leading: 'in the largest group',
    dissent: 'in another group',
    sealed: 'sealed',
    empty: 'without a vote',
  };
  const words = ballot.runs.map((run) => `${run.count} ${names[run.kind]}`);
  return `Of ${ballot.seats} seats: ${words.join(', ') || 'none taken'}. Quorum is ${ballot.quorum}.`;
}

function kindOf(release: ReleaseSummary, infoHashV2: string, place: number): SeatKind {
  if (release.winner !== null) return infoHashV2 === release.winner ? 'winner' : 'dissent';
  return place === 0 ? 'leading' : 'dissent';
}

/** A commitment that was never opened counts as dissent, in no group. */
function isUnopened(builder: BuilderOnRelease): boolean {
  return builder.status === 'counts' && builder.infoHashV2 === undefined;
}

/** Panel members who committed and have no counted vote yet. Once there is a verdict, nothing is sealed. */
function sealedOn(release: ReleaseSummary): number {
  if (!['committing', 'voting', 'provisional'].includes(release.state)) return 0;
  const panel = new Set(release.panel);
  return (release.builders ?? []).filter(
    (builder) =>
      panel.has(builder.key) && builder.committedIndex !== undefined && builder.status === 'waiting',
  ).length;
}
