import type { ReleaseView } from '../../../src/tally/index.ts';

export type { BuilderOnRelease, GroupView } from '../../../src/tally/index.ts';

export type ReleaseState = ReleaseView['state'];

/** One release as the list shows it; what only its own page needs may be left out. */
export type ReleaseSummary = Omit<ReleaseView, 'builders' | 'sources' | 'recipe' | 'rivals'> &
  Partial<Pick<ReleaseView, 'builders' | 'rivals'>>;

/** Releases in the log's order, the newest last; `before` says how many there are before them, null for none. */
export interface ReleasePage {
  readonly releases: readonly ReleaseSummary[];
  readonly before: number | null;
}

/** How many seed an infohash now, and how many of them are builders whose vote stands for it. */
export interface SeederCount {
  readonly live: number;
  readonly reputable: number;
}

/** One release with all that the tally says about it. */
export interface ReleaseDetail extends ReleaseView {
  readonly seeders: Readonly<Record<string, SeederCount>>;
  readonly magnets: Readonly<Record<string, string>>;
}

export interface Status {
  readonly origin: string;
  readonly logKey: string;
  readonly size: number;
  /** Registered builders. */
  readonly builders: number;
  readonly policy: { readonly name: string; readonly demo: boolean; readonly digest: string };
  readonly announceUrl: string;
}
