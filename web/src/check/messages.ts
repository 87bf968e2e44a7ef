import type { ReleaseView } from '../../../src/tally/index.ts';
import type { StepEntries } from '../view/timeline.ts';

/** A tree head that this browser has checked: a later one must extend it. */
export interface SeenHead {
  readonly size: number;
  /** RFC 6962 root, hex. */
  readonly root: string;
}

/** The page asks its worker to read the log on from where it stands and to count. */
export interface CheckRequest {
  readonly logKey: string;
  /** The release whose view is wanted; all when there is none. */
  readonly digest: string | undefined;
  /** What this browser saw at its last visit. */
  readonly seen: SeenHead | undefined;
}

/** What the check came to. */
export type CheckResult =
  | {
      readonly kind: 'counted';
      /** The release that was asked for; all when there is none. */
      readonly digest: string | undefined;
      readonly head: SeenHead;
      /** Signatures verified, the checkpoint's included. */
      readonly signatures: number;
      /** What the log itself said or did that the count does not confirm. */
      readonly alarms: readonly string[];
      readonly releases: readonly ReleaseView[];
      readonly steps: StepEntries;
    }
  | { readonly kind: 'too-long'; readonly size: number; readonly limit: number }
  /** What was read contradicts what was signed. */
  | { readonly kind: 'alarm'; readonly reason: string }
  /** The check could not be done; that says nothing about the log. */
  | { readonly kind: 'undone'; readonly reason: string };

/** What the worker tells while it works. */
export type CheckReport =
  | { readonly type: 'progress'; readonly done: number; readonly total: number }
  | { readonly type: 'result'; readonly result: CheckResult };
