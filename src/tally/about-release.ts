import type { Statement } from '../statement/browser.ts';
import { type Refusal, refuse } from './refusal.ts';
import type { ReleaseState, Tally } from './state.ts';

/** A statement whose predicate names a release. */
export type AboutRelease = Extract<Statement, { readonly predicate: { readonly release: string } }>;

/** The release that a statement is about, if it is in this log and the statement names its package. */
export function releaseOf(tally: Tally, { subject, predicate }: AboutRelease): ReleaseState | Refusal {
  const release = tally.releases.get(predicate.release);
  if (release === undefined)
    return refuse('unknown-release', `release ${predicate.release} is not in this log`);
  if (subject.name === release.predicate.package) return release;
  return refuse(
    'wrong-subject',
    `release ${predicate.release} is ${release.predicate.package}, not ${subject.name}`,
  );
}
