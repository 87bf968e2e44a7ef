import { InternalError } from '../bytes/index.ts';
import type { Output, PolicyRules, Predicate, Sha256Function, Statement } from '../statement/browser.ts';
import type { Admissions } from './admission.ts';
import type { CanaryGroup, CanaryState } from './canaries.ts';
import type { Electorate } from './electorate.ts';
import type { HalfTime } from './half-time.ts';
import type { Life, Moment } from './life.ts';
import { emptyLightState, type LightState } from './light-state.ts';
import type { Refusal } from './refusal.ts';
import type { Timer } from './timers.ts';

/** What a count needs besides the entries. */
export interface TallyContext {
  /** The log whose entries are counted; statements for another one are refused. */
  readonly origin: string;
  /** The log's public key, 64 hex digits: who may sign `open`, `close`, `audit`, `verdict`, `heartbeat`. */
  readonly logKey: string;
  readonly sha256: Sha256Function;
  /** Panels that are taken as given, by release: a count of one release's entries alone cannot draw them. */
  readonly given?: ReadonlyMap<string, GivenDraw>;
}

/** A panel as a `state` has it. */
export type GivenDraw = Pick<Draw, 'panel' | 'quorum' | 'seniors'>;

/** One entry of the log, read and its signatures verified (both need hashing and curves, so not here). */
export interface Entry {
  /** Position in the log, from 0; order is this and nothing else. */
  readonly index: number;
  /** Receipt time that the log gave it; the only clock of the count. */
  readonly timeMs: number;
  readonly statement: Statement;
  /** SHA-256 of the payload in hex; of a release, its digest. */
  readonly payloadDigest: string;
  /** Keys (hex) whose signatures verified. */
  readonly signers: readonly string[];
  /** Of an `open`: the cosignatures of its seed that verified, as listed. */
  readonly witnessed?: readonly string[];
}

/** The log itself said or did something that the count, done again, does not confirm. */
export interface Alarm {
  readonly index: number;
  readonly reason: string;
}

/** An entry that counts for nothing. */
export interface RefusedEntry extends Refusal {
  readonly index: number;
}

export interface PolicyInForce {
  /** SHA-256 of the policy file, hex. */
  readonly digest: string;
  readonly index: number;
  readonly effectiveMs: number;
  readonly rules: PolicyRules;
}

export interface BuilderState {
  /** Its identity: its first public key, for ever. */
  readonly key: string;
  /** First registration; never changes. */
  readonly registeredIndex: number;
  readonly registeredMs: number;
  /** Latest registration: what it says acts from this index on. */
  updatedIndex: number;
  predicate: Predicate<'builder'>;
  /** Over releases with a verdict. */
  readonly record: {
    matched: number;
    dissented: number;
    unopened: number;
    equivocated: number;
  };
  readonly life: Life;
}

/** What one builder logged about one release. */
export interface Ballot {
  commit: { readonly index: number; readonly commitment: string } | undefined;
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
  phase: ReleaseStage;
  open: { readonly index: number; readonly timeMs: number } | undefined;
  commitEndsMs: number;
  /** Moved by as much as `close` comes late, so that no window shrinks. */
  voteEndsMs: number;
  closeIndex: number | undefined;
  verdict: GivenVerdict | undefined;
  readonly ballots: Map<string, Ballot>;
  /** Builders with a commitment. */
  committed: number;
  /** Groups of canary builders, drawn when it was closed first. */
  readonly canaryGroups: CanaryGroup[];
  /** How many of them have their `canary`. */
  canariesLogged: number;
}

/** Something that builders commit to, open and are audited for: a release, or a canary. */
export type Poll = Pick<
  ReleaseState,
  'digest' | 'phase' | 'commitEndsMs' | 'voteEndsMs' | 'closeIndex' | 'ballots' | 'committed'
>;

export interface NameState {
  /** Digest of the release that the name stands for. */
  live: string;
  /** Digests of other releases that claim it while that one lives: the name is contested. */
  readonly rivals: string[];
}

/** The state of a count: a pure function of the entries counted so far. Read it by the views. */
export interface Tally {
  readonly context: TallyContext;
  /** Entries counted. */
  size: number;
  /** Receipt time of the last entry. */
  timeMs: number;
  policy: PolicyInForce | undefined;
  /** Logged, not yet in force; at most {@link BOUNDS.pendingPolicies}. */
  pendingPolicies: PolicyInForce[];
  readonly builders: Map<string, BuilderState>;
  /** Every key that a builder rotated to → the builder. */
  readonly rotatedKeys: Map<string, string>;
  /** Builders that are eligible as of the last entry. */
  eligibleCount: number;
  /** Platform → who may be drawn for it. */
  readonly electorates: Map<string, Electorate>;
  /** When builders have to be looked at again: a heap. */
  readonly timers: Timer[];
  /** Who has qualified and waits for the lot, by the entry that did it; who waits no more goes at the next draw. */
  waiting: { readonly key: string; readonly index: number }[];
  readonly admissions: Admissions;
  /** Canaries by the digest of their payload. */
  readonly canaries: Map<string, CanaryState>;
  /** Digests of releases that have groups without a `canary` yet. */
  readonly canaryReleases: Set<string>;
  /** Digests of canaries for which the log has something left to write. */
  readonly openCanaries: Set<string>;
  /** Announce digest → the builder that registered it first. */
  readonly announceOwners: Map<string, string>;
  readonly releases: Map<string, ReleaseState>;
  /** Digests of releases for which the log has something left to write. */
  readonly unfinished: Set<string>;
  /** When seats pass on next, in order of time. */
  readonly halfTimes: HalfTime[];
  readonly names: Map<string, NameState>;
  /** SHA-256 of every policy file and recipe that an entry names. */
  readonly blobs: Set<string>;
  /** What `state` entries carry: the map of what light clients need to know. */
  readonly light: LightState;
  /** The latest refusals, at most {@link BOUNDS.refusals}. */
  readonly refusals: RefusedEntry[];
  refusedTotal: number;
  /** The first alarms, at most {@link BOUNDS.alarms}. */
  readonly alarms: Alarm[];
  alarmsTotal: number;
}

export const BOUNDS = {
  refusals: 1024,
  alarms: 1024,
  pendingPolicies: 16,
  rivals: 16,
  rounds: 16,
  /** Keys of one builder, one after another: proofs of a release carry the whole chain of each of its panel. */
  keys: 16,
} as const;

/** A tally that has counted nothing. */
export function emptyTally(context: TallyContext): Tally {
  if (!/^[0-9a-f]{64}$/.test(context.logKey)) {
    throw new InternalError(`logKey is the log's public key in 64 hex digits, not ${context.logKey}`);
  }
  return {
    context,
    size: 0,
    timeMs: 0,
    policy: undefined,
    pendingPolicies: [],
    builders: new Map(),
    rotatedKeys: new Map(),
    eligibleCount: 0,
    electorates: new Map(),
    timers: [],
    waiting: [],
    admissions: { nextMs: undefined, pending: undefined },
    canaries: new Map(),
    canaryReleases: new Set(),
    openCanaries: new Set(),
    announceOwners: new Map(),
    releases: new Map(),
    unfinished: new Set(),
    halfTimes: [],
    names: new Map(),
    blobs: new Set(),
    light: emptyLightState(context.sha256),
    refusals: [],
    refusedTotal: 0,
    alarms: [],
    alarmsTotal: 0,
  };
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

/** Records an alarm; beyond the bound only their number grows. */
export function raiseAlarm(tally: Tally, index: number, reason: string): void {
  tally.alarmsTotal += 1;
  if (tally.alarms.length < BOUNDS.alarms) tally.alarms.push({ index, reason });
}

/** Records a refusal; beyond the bound the oldest goes. */
export function recordRefusal(tally: Tally, index: number, refusal: Refusal): void {
  tally.refusedTotal += 1;
  tally.refusals.push({ index, ...refusal });
  if (tally.refusals.length > BOUNDS.refusals) tally.refusals.shift();
}
