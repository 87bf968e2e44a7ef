import type { BuilderOnRelease, ReleaseView } from '../../tally/index.ts';

/** Something that the log tells of a release; `builder` is missing where the log itself speaks. */
export interface Happening {
  readonly what: 'opened' | 'committed' | 'gave up' | 'closed' | 'voted' | 'audited' | 'verdict';
  readonly builder?: BuilderOnRelease;
}

/** What happened to a release between two views of it, in the order in which it can have happened. */
export function happeningsBetween(before: ReleaseView | undefined, after: ReleaseView): Happening[] {
  const found: Happening[] = [];
  const ofBuilders = (what: Happening['what'], has: (builder: BuilderOnRelease) => boolean): void => {
    for (const builder of after.builders) {
      const earlier = before?.builders.find(({ key }) => key === builder.key);
      if (has(builder) && !(earlier !== undefined && has(earlier))) found.push({ what, builder });
    }
  };
  if (after.openedMs !== undefined && before?.openedMs === undefined) found.push({ what: 'opened' });
  ofBuilders('committed', ({ committedIndex }) => committedIndex !== undefined);
  ofBuilders('gave up', ({ failure }) => failure !== undefined);
  if (isClosed(after) && !(before !== undefined && isClosed(before))) found.push({ what: 'closed' });
  ofBuilders('voted', ({ voteIndex }) => voteIndex !== undefined);
  ofBuilders('audited', ({ auditIndex }) => auditIndex !== undefined);
  if (after.verdictMs !== undefined && before?.verdictMs === undefined) found.push({ what: 'verdict' });
  return found;
}

function isClosed({ state }: ReleaseView): boolean {
  return state !== 'announced' && state !== 'committing';
}
