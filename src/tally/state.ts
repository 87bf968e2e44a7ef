import { InternalError } from '../bytes/index.ts';
import type { PolicyRules, Predicate, Sha256Function, Statement } from '../statement/browser.ts';
import type { Admissions } from './admission.ts';
import type { CanaryState } from './canaries.ts';
import type { Charge } from './charges.ts';
import type { Electorate } from './electorate.ts';
import type { HalfTime } from './half-time.ts';
import { LargeMap } from './large-map.ts';
import type { Life } from './life.ts';
import { emptyLightState, type LightState } from './light-state.ts';
import type { Refusal } from './refusal.ts';
import { Register } from './register.ts';
import type { Draw, NameState, ReleaseState } from './release.ts';
import type { Timer } from './timers.ts';
import { WaitingList } from './waiting.ts';

export type {
  Ballot,
  Draw,
  Ending,
  GivenVerdict,
  Lifted,
  NameState,
  Outcome,
  Poll,
  ReleaseStage,
  ReleaseState,
  Said,
} from './release.ts';
export { ballotOf } from './release.ts';

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
  /** SHA-256 (hex) of what its founders signed: rules, day and origin. */
  readonly payloadDigest: string;
  /** Index of the policy that was in force when it was logged, whose founders signed it; undefined for the first. */
  readonly judge: number | undefined;
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
  readonly builders: Register<BuilderState>;
  /** Every key that a builder rotated to → the builder. */
  readonly rotatedKeys: Map<string, string>;
  /** Builders that are eligible as of the last entry. */
  eligibleCount: number;
  /** Platform → who may be drawn for it. */
  readonly electorates: Map<string, Electorate>;
  /** When builders have to be looked at again: a heap. */
  readonly timers: Timer[];
  /** Builder → digest of a release or canary → its commitment to it that it did not open in time, and may open late. */
  readonly charges: Map<string, Map<string, Charge>>;
  /** Who has qualified and waits for the lot, by the entry that did it. */
  readonly waiting: WaitingList;
  readonly admissions: Admissions;
  /** Canaries by the digest of their payload. */
  readonly canaries: Register<CanaryState>;
  /** Recipe and variant → the digests of its canaries, in order. */
  readonly variants: Register<string[]>;
  /** Digests of releases that have groups without a `canary` yet. */
  readonly canaryReleases: Set<string>;
  /** Digests of canaries for which the log has something left to write. */
  readonly openCanaries: Set<string>;
  /** Announce digest → the builder that registered it first. */
  readonly announceOwners: LargeMap<string>;
  readonly releases: Register<ReleaseState>;
  /** Digests of releases for which the log has something left to write. */
  readonly unfinished: Set<string>;
  /** When seats pass on next, in order of time. */
  readonly halfTimes: HalfTime[];
  readonly names: Register<NameState>;
  /** Payload digests of policies and turns that acted: each acts once, whoever else signs the same words later. */
  readonly acted: Set<string>;
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
    builders: new Register(),
    rotatedKeys: new Map(),
    eligibleCount: 0,
    electorates: new Map(),
    timers: [],
    charges: new Map(),
    waiting: new WaitingList(),
    admissions: { nextMs: undefined, pending: undefined, draw: undefined },
    canaries: new Register(),
    variants: new Register(),
    canaryReleases: new Set(),
    openCanaries: new Set(),
    announceOwners: new LargeMap(),
    releases: new Register(),
    unfinished: new Set(),
    halfTimes: [],
    names: new Register(),
    acted: new Set(),
    blobs: new Set(),
    light: emptyLightState(context.sha256),
    refusals: [],
    refusedTotal: 0,
    alarms: [],
    alarmsTotal: 0,
  };
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
