import type { ReleaseState, ReleaseSummary } from '../api/types.ts';
import { counted } from './text.ts';

const LABELS: Record<ReleaseState, string> = {
  announced: 'Announced',
  committing: 'Committing',
  voting: 'Voting',
  final: 'Final',
  contested: 'Contested',
  failed: 'Failed',
  superseded: 'Superseded',
  provisional: 'Provisional',
  'taken down': 'Taken down',
};

/** The chip's word. A state this page does not know is shown as the tally wrote it. */
export function stateLabel(state: string): string {
  return Object.hasOwn(LABELS, state) ? LABELS[state as ReleaseState] : state;
}

/** A class name's part for a state; only known states reach a class. */
export function stateTone(state: string): string {
  return Object.hasOwn(LABELS, state) ? state.replace(' ', '-') : 'unknown';
}

/** What a release's state means, in one or two plain sentences. */
export function stateSentence(release: ReleaseSummary): string {
  const most = release.groups.reduce((max, group) => Math.max(max, group.counted), 0);
  const votes = release.groups.reduce((sum, group) => sum + group.counted, 0);
  const seats = release.panel.length;
  switch (release.state) {
    case 'announced':
      return 'The publisher has announced this release. The log has not opened it for builders yet.';
    case 'committing':
      return 'Builders are rebuilding this release from its sources. Each seals its result in the log, so that nobody can copy another’s.';
    case 'voting':
      return most === 0
        ? 'Builders now open what they sealed and seed it. No vote has passed its audit yet.'
        : `Builders now open what they sealed and seed it. The largest group has ${counted(most, 'vote')}; it needs ${release.quorum}.`;
    case 'final':
      return `${most} of the ${counted(seats, 'builder')} on the panel came to the same bytes, sealed before any could see another’s.`;
    case 'contested':
      return `${counted(votes, 'vote')} counted, but builders or publishers disagree too much for a winner. There is nothing here to trust.`;
    case 'failed':
      return `Only ${counted(votes, 'vote')} counted when the window ended; ${release.quorum} were needed. There is no winner.`;
    case 'superseded':
      return release.winner === null
        ? 'Another release has taken this one’s place. It has no winner.'
        : `Another release has taken this one’s place. Before that, ${most} of the ${counted(seats, 'builder')} on the panel came to the same bytes.`;
    case 'provisional':
      return `Urgent, and not decided: ${counted(release.provisional?.builders.length ?? 0, 'founder or elder', 'founders and elders')} came to the same bytes and none of them to others. The ordinary verdict follows.`;
    case 'taken down':
      return 'This release was taken down: nobody should download it. What was decided about it stays in the log.';
    default:
      return 'This page does not know the state that the tally gives.';
  }
}

/** The window that is running, if one is. */
export function runningWindow(
  release: ReleaseSummary,
): { words: string; startMs: number | undefined; endMs: number } | undefined {
  if (release.state === 'committing' && release.commitEndsMs !== undefined) {
    return { words: 'Sealing ends within', startMs: release.openedMs, endMs: release.commitEndsMs };
  }
  if (['voting', 'provisional'].includes(release.state) && release.voteEndsMs !== undefined) {
    return { words: 'Voting ends within', startMs: release.commitEndsMs, endMs: release.voteEndsMs };
  }
  return undefined;
}

const ORDER: readonly string[] = ['provisional', 'voting', 'committing', 'announced'];

/** Running releases first, the one that ends next on top; then the newest verdicts. */
export function inReadingOrder<Release extends ReleaseSummary>(releases: readonly Release[]): Release[] {
  const rank = (release: Release): number => {
    const place = ORDER.indexOf(release.state);
    return place < 0 ? ORDER.length : place;
  };
  const time = (release: Release): number => release.verdictMs ?? release.openedMs ?? 0;
  return [...releases].sort((a, b) => rank(a) - rank(b) || time(b) - time(a) || compare(a.digest, b.digest));
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
