export type ReleaseState =
  | 'announced'
  | 'committing'
  | 'voting'
  | 'final'
  | 'contested'
  | 'failed'
  | 'superseded';

export interface GroupView {
  readonly infoHashV2: string;
  readonly counted: number;
  readonly total: number;
  readonly builders: readonly string[];
  readonly output?: { readonly name: string; readonly sizeBytes: number; readonly sha256?: string };
}

export interface BuilderOnRelease {
  readonly key: string;
  readonly operator: string;
  readonly status: 'counts' | 'waiting' | 'not counted';
  readonly reason: string;
  readonly infoHashV2?: string;
  readonly committedIndex?: number;
  readonly voteIndex?: number;
  readonly auditIndex?: number;
}

/** One release as the list shows it. */
export interface ReleaseSummary {
  readonly digest: string;
  readonly package: string;
  readonly publisher: string;
  readonly authorised: boolean;
  readonly state: ReleaseState;
  readonly openedMs?: number;
  readonly commitEndsMs?: number;
  readonly voteEndsMs?: number;
  readonly verdictMs?: number;
  readonly panel: readonly string[];
  readonly quorum: number;
  readonly winner: string | null;
  readonly groups: readonly GroupView[];
  readonly builders?: readonly BuilderOnRelease[];
}

/** How many seed an infohash now, and how many of them are builders whose vote stands for it. */
export interface SeederCount {
  readonly live: number;
  readonly reputable: number;
}

/** One release with all that the tally says about it. */
export interface ReleaseDetail extends ReleaseSummary {
  readonly profile: string;
  readonly platform: string;
  readonly recipe: { readonly sha256: string; readonly sizeBytes: number };
  readonly sources: readonly { readonly name: string; readonly uri: string; readonly integrity: string }[];
  readonly builders: readonly BuilderOnRelease[];
  readonly seeders: Readonly<Record<string, SeederCount>>;
  readonly magnets: Readonly<Record<string, string>>;
}

export interface Status {
  readonly origin: string;
  readonly logKey: string;
  readonly size: number;
  readonly policy: { readonly name: string; readonly demo: boolean; readonly digest: string };
  readonly announceUrl: string;
}

export interface BuilderSummary {
  readonly key: string;
  readonly operator: string;
}
