import type { Output, PolicyRules, Predicate } from '../statement/browser.ts';
import type { CanaryGroup, CanaryPlan } from './canaries.ts';
import type { Moment } from './life.ts';

/** What one builder logged about one release. */
export interface Ballot {
  commit:
    | {
        readonly index: number;
        /** Undefined once a verdict has come and it was opened. */
        commitment: string | undefined;
      }
    | undefined;
  /** A commitment that came after the window. */
  lateCommitIndex: number | undefined;
  failure: { readonly index: number; readonly reason: string } | undefined;
  /** The vote that opened its commitment, or without a commitment a mirror's. */
  vote: { readonly index: number; readonly infoHashV2: string; readonly output: Output } | undefined;
  /** The audit that saw it seed what it voted for. */
  auditIndex: number | undefined;
  /** An audit that saw it seed, but at an address too new to have weight. */
  freshAuditIndex: number | undefined;
  /** The entry that contradicts an earlier one of its own: neither counts. */
  equivocationIndex: number | undefined;
}

/** What a vote says. */
export interface Said {
  readonly infoHashV2: string;
  readonly output: Output;
}

/** Who may vote on a release. */
export interface Draw {
  /** Identities, sorted. */
  readonly panel: readonly string[];
  readonly onPanel: ReadonlySet<string>;
  /** The founders and elders among them, sorted. */
  readonly seniors: readonly string[];
  readonly quorum: number;
  /** Why a founder is not on the panel, by key: the end of a sentence. */
  readonly leftOut: Map<string, string>;
}

/** What a verdict says; recomputed, never believed. */
export type Outcome = Pick<Predicate<'verdict'>, 'state' | 'infoHashV2' | 'groups'>;

/** How far a release has come. What people see beside, such as a takedown, is `stateOf` a release. */
export type ReleaseStage = 'announced' | 'committing' | 'voting' | 'final' | 'contested' | 'failed';

/** What ended a release, whatever it had come to. */
export interface Ending {
  readonly kind: 'superseded' | 'taken down';
  readonly index: number;
  /** Text from outside. */
  readonly reason: string;
  /** The release that took its place. */
  readonly by: string | undefined;
}

/** What had ended a release until founders asked about it again. */
export interface Lifted {
  readonly ending: Ending;
  /** The founders' revote. */
  readonly index: number;
}

/** A verdict as it was counted. */
export interface GivenVerdict {
  readonly index: number;
  readonly timeMs: number;
  readonly outcome: Outcome;
}

export interface ReleaseState {
  readonly digest: string;
  readonly index: number;
  readonly timeMs: number;
  readonly publisher: string;
  readonly authorised: boolean;
  /** A second live release of one name: not opened unless it gets the name. */
  rival: boolean;
  readonly predicate: Predicate<'release'>;
  /** The rules in force when it was announced, or asked about again: they hold for that round to its end. */
  rules: PolicyRules;
  /** Where it was announced or asked about again: who may be drawn was fixed there. */
  place: Moment;
  /** 0, and one more for each revote. */
  round: number;
  /** Verdicts of earlier rounds. */
  readonly earlier: GivenVerdict[];
  /** Who may be drawn, sorted, until the last seat is given at half-time. */
  pool: readonly string[] | undefined;
  /** Of an urgent release: founders and elders, one a cluster, that may make it provisional; sorted. */
  lane: readonly string[];
  /** What witnesses gave for the lot; null before `open`, and where the log's own place decides. */
  seed: Predicate<'open'>['seed'];
  draw: Draw;
  /** Whose seat passed on at half-time → to whom. */
  readonly passed: Map<string, string>;
  ended: Ending | undefined;
  /** The last ending that founders lifted: from then on its publisher alone ends the release no more. */
  lifted: Lifted | undefined;
  phase: ReleaseStage;
  open: { readonly index: number; readonly timeMs: number } | undefined;
  commitEndsMs: number;
  /** Moved by as much as `close` comes late, so that no window shrinks. */
  voteEndsMs: number;
  closeIndex: number | undefined;
  verdict: GivenVerdict | undefined;
  readonly ballots: Map<string, Ballot>;
  /** Builders that opened their commitment after the verdict → the vote's entry; undefined while there are none. */
  openedLate: Map<string, number> | undefined;
  /** Infohashes that votes had shown before this release was announced, or asked about again; undefined for none. */
  shown: ReadonlySet<string> | undefined;
  /** The first vote for each infohash. */
  readonly said: Map<string, Said>;
  /** Builders with a commitment. */
  committed: number;
  /** Who may be drawn for its canaries, fixed when it was closed first with enough of them. */
  canaryPlan: CanaryPlan | undefined;
  /** Groups of canary builders, drawn at once, or where the policy names witnesses with the first `canary`. */
  canaryGroups: readonly CanaryGroup[];
  /** How many of them have their `canary`. */
  canariesLogged: number;
}

/** Something that builders commit to, open and are audited for: a release, or a canary. */
export type Poll = Pick<
  ReleaseState,
  'digest' | 'phase' | 'commitEndsMs' | 'voteEndsMs' | 'closeIndex' | 'ballots' | 'said' | 'committed'
>;

export interface NameState {
  /** Digest of the release that the name stands for. */
  live: string;
  /** Digests of other releases that claim it while that one lives: the name is contested. */
  readonly rivals: string[];
}

/** A builder's ballot on a release, made when it is not there. */
export function ballotOf(release: Pick<ReleaseState, 'ballots'>, key: string): Ballot {
  let ballot = release.ballots.get(key);
  if (ballot === undefined) {
    ballot = {
      commit: undefined,
      lateCommitIndex: undefined,
      failure: undefined,
      vote: undefined,
      auditIndex: undefined,
      freshAuditIndex: undefined,
      equivocationIndex: undefined,
    };
    release.ballots.set(key, ballot);
  }
  return ballot;
}
