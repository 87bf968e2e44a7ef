import type { RebuildProgress } from './strategy.ts';

/** What a running builder tells: the JSON lines of `bitquorum builder run --json`. */
export type BuilderEvent =
  | { readonly event: 'listening'; readonly host: string; readonly port: number }
  | { readonly event: 'registered'; readonly key: string; readonly operator: string; readonly index: number }
  | ({ readonly event: 'building' } & About)
  | ({ readonly event: 'progress'; readonly progress: RebuildProgress } & About)
  | ({ readonly event: 'built'; readonly infoHashV2: string; readonly sha256?: string } & About)
  | ({ readonly event: 'committed'; readonly index: number } & About)
  | ({ readonly event: 'voted'; readonly infoHashV2: string; readonly index: number } & About)
  /** Its commitment was opened after the verdict: that costs nothing when it is to the winner, and counts for nothing. */
  | ({
      readonly event: 'opened-late';
      readonly infoHashV2: string;
      readonly index: number;
      readonly matches: boolean;
    } & About)
  /** Its commitment (an entry) was not opened in time; from `dueMs` on that costs its tenure. `opens`: it can, and does. */
  | ({
      readonly event: 'unopened';
      readonly index: number;
      readonly dueMs: number;
      readonly opens: boolean;
    } & About)
  | ({ readonly event: 'seeding'; readonly infoHashV2: string } & About)
  /** The release was taken down: it seeds that no more. */
  | ({ readonly event: 'stopped'; readonly infoHashV2: string } & About)
  | ({ readonly event: 'failed'; readonly reason: string } & About)
  | ({ readonly event: 'missed'; readonly reason: string } & About)
  | ({ readonly event: 'verdict'; readonly state: string; readonly winner: string | null } & About)
  /** Something that will be tried again. */
  | { readonly event: 'trouble'; readonly reason: string; readonly release?: string };

interface About {
  readonly release: string;
  readonly package: string;
}
