import { toHex } from '../../bytes/index.ts';
import { parseVkey } from '../../note/index.ts';
import { sha256, verifyEd25519 } from '../../statement/index.ts';
import {
  countSome,
  type Entry,
  emptyTally,
  entriesAbout,
  type GivenDraw,
  type PolicyInForce,
  packageOf,
  type ReleaseView,
  releaseView,
  type Tally,
  witnessedOf,
} from '../../tally/index.ts';
import { ClientError } from '../errors.ts';
import { timelyOf } from '../freshness.ts';
import type { Level } from '../levels.ts';
import type { KeptPolicy } from '../seen-policy.ts';
import { type LogTrust, type OpenedProof, openProof } from './open-proof.ts';
import type { LightValueOf, StateValues } from './state-values.ts';
import { earlierStatesOf, newestStateOf, type Stated } from './stated.ts';
import { followPolicies, type PolicyChain } from './vouched-policies.ts';
import { wrong } from './wrong-proof.ts';

/** What a proof comes to. */
export interface CheckedProof {
  readonly proof: OpenedProof;
  /** A count of the entries that the proof holds, panels as the state has them. */
  readonly tally: Tally;
  readonly release: ReleaseView;
  /** Witnesses of the user's choice that cosigned the checkpoint, at about the time of its newest entry. */
  readonly witnesses: number;
  /** Which monitors of the policy signed the state, and how many must. */
  readonly monitors: { readonly signed: readonly string[]; readonly quorum: number };
  /** How the policies that were in force follow one another. */
  readonly policies: PolicyChain;
  readonly level: Extract<Level, 'tally' | 'proof'>;
  /** The `state` entry; undefined in a young log without a winner. */
  readonly state: { readonly index: number; readonly timeMs: number } | undefined;
  /** Which of some keys signed that state, by name. */
  readonly signersAmong: (keys: readonly string[]) => readonly string[];
  /** Later releases of the same package: the one that became final last, and the last urgent one. */
  readonly newer: LightValueOf<'newest'>;
  /** Panel members that have lost their eligibility since. */
  readonly lapsed: readonly string[];
}

/** States of a release in which nothing has won yet. */
const OPEN_STATES: ReadonlySet<string> = new Set(['announced', 'committing', 'voting', 'provisional']);

/**
 * Checks a release's proof and counts again what it holds: policies, signatures, commitments, votes and the verdict by
 * the same code as a full count, the panel as the log's `state` has it. Throws `mismatch` for whatever contradicts
 * itself, `stale` when the state is older than the verdict, `no-quorum` when too few witnesses cosigned.
 *
 * @param name package URL or release digest that was asked for; the name that it is about unless told
 * @param seen the policy of this log that the user saw last, which needs nobody to vouch for it
 */
export function checkProof(
  bytes: Uint8Array,
  trust: LogTrust,
  name?: string,
  seen?: KeptPolicy,
): CheckedProof {
  const proof = openProof(bytes, trust);
  const { bundle, entries, checkpoint } = proof;
  const digest = bundle.release;
  requireEnds(entries, checkpoint.size);
  const announced = entries.find(({ statement, payloadDigest }) => {
    return statement.kind === 'release' && payloadDigest === digest;
  });
  if (announced?.statement.kind !== 'release') throw wrong('it does not hold the release that it is about');
  const { package: packageUrl } = announced.statement.predicate;
  if (name !== undefined && name !== digest && name !== packageUrl)
    throw wrong(`it is about ${packageUrl}, release ${digest}`);

  const logKey = toHex(parseVkey(trust.logKey).publicKey);
  const stated = newestStateOf(proof, logKey);
  const states = [...earlierStatesOf(proof, logKey), ...(stated === undefined ? [] : [stated])];
  const value = stated?.values.read('release', digest);
  const { tally, reigned } = recount(proof, logKey, stated, value);
  const view = releaseView(tally, digest);
  if (view === undefined) throw wrong('its release does not count');
  requireAgreement(view, value, stated?.entry, isLater(entries, digest, stated?.entry));
  // Of founders and elders outside the panel, who make a release provisional, a proof holds nothing.
  const isProvisional = value?.state === 'provisional' && view.state === 'voting';
  const counted: ReleaseView = isProvisional ? { ...view, state: 'provisional' } : view;
  const release = underItsName(counted, name !== digest, stated?.values);
  const signersAmong = stated?.signersAmong ?? (() => []);
  const { keys = [], quorum = 0 } = tally.policy?.rules.monitors ?? {};
  const monitors = { signed: signersAmong(keys), quorum };
  const policies = followPolicies(tally, reigned, states, seen);
  const isSigned = quorum > 0 && monitors.signed.length >= quorum;
  const newest = stated?.values.read('newest', packageOf(packageUrl));
  return {
    proof,
    tally,
    release,
    witnesses: timelyOf(tally, proof.cosigners).length,
    monitors,
    policies,
    level: isSigned && policies.unvouched === undefined ? 'proof' : 'tally',
    state: stated && { index: stated.entry.index, timeMs: stated.entry.timeMs },
    signersAmong,
    newer: laterThan(counted.index, newest),
    lapsed: (value?.panel ?? []).filter((key) => {
      return (
        stated?.values.speaksOf('builder', key) === true && stated.values.read('builder', key)?.eligible !== 1
      );
    }),
  };
}

/** Of the newest releases of a package those that were announced after an index. */
export function laterThan(index: number, newest: LightValueOf<'newest'> | undefined): LightValueOf<'newest'> {
  const later = (release: LightValueOf<'newest'>['final']) =>
    release && release.index > index ? release : undefined;
  return { final: later(newest?.final), urgent: later(newest?.urgent) };
}

/** A proof begins with the first policy and ends with the newest entry, which tells how old it is. */
function requireEnds(entries: readonly Entry[], size: number): void {
  if (entries[0]?.index !== 0) throw wrong('it does not hold entry 0, the first policy');
  if (entries.at(-1)?.index !== size - 1) throw wrong(`it does not hold entry ${size - 1}, the newest`);
}

/**
 * The panel as the state has it. Before the state knows one nothing can win, and what `open` says is shown on the log's
 * word.
 */
function givenDraw({ bundle, entries }: OpenedProof, value: LightValueOf<'release'> | undefined): GivenDraw {
  if (value?.panel !== undefined && value.quorum !== undefined) {
    return { panel: value.panel, quorum: value.quorum, seniors: value.seniors ?? [] };
  }
  const opened = entries.findLast(({ statement: { kind, predicate } }) => {
    return kind === 'open' && 'panel' in predicate && predicate.release === bundle.release;
  });
  const panel = opened?.statement.kind === 'open' ? opened.statement.predicate.panel : [];
  return { panel, quorum: Math.floor(panel.length / 2) + 1, seniors: [] };
}

/** Counts the entries of a proof; the state must name the policy that then is in force. With all that were in force. */
function recount(
  proof: OpenedProof,
  logKey: string,
  stated: Stated | undefined,
  value: LightValueOf<'release'> | undefined,
): { readonly tally: Tally; readonly reigned: ReadonlySet<PolicyInForce> } {
  const { bundle, entries, checkpoint } = proof;
  const reigned = new Set<PolicyInForce>();
  const given = new Map([[bundle.release, givenDraw(proof, value)]]);
  const tally = emptyTally({ origin: checkpoint.origin, logKey, sha256, given });
  const about = entriesAbout(bundle.release, entries, value?.supersededBy);
  for (const entry of entries) {
    if (entry.index === stated?.entry.index) requireStatedPolicy(tally, stated);
    countSome(tally, { ...entry, ...witnessedOf(tally, entry.statement, verifyEd25519) }, about);
    if (tally.policy !== undefined) reigned.add(tally.policy);
  }
  if (tally.policy === undefined) throw wrong('entry 0 is no policy signed by its founders');
  const verdict = tally.releases.get(bundle.release)?.verdict;
  const fault = tally.alarms.find(({ index }) => index === verdict?.index);
  if (fault !== undefined) throw wrong(`the log's verdict is not what its votes come to (${fault.reason})`);
  return { tally, reigned };
}

function requireStatedPolicy(tally: Tally, { entry, values }: Stated): void {
  const stated = values.read('policy');
  const counted = tally.policy?.digest;
  const isOne = counted === stated?.digest && tally.policy?.index === stated?.index;
  if (!isOne || counted !== entry.statement.predicate.policy) {
    throw wrong('its state names another policy than its founders put in force');
  }
}

/** What the count of the proof's entries says, and what the state says, must be one. */
function requireAgreement(
  counted: ReleaseView,
  value: LightValueOf<'release'> | undefined,
  state: Entry | undefined,
  later: boolean,
): void {
  const ended = !OPEN_STATES.has(counted.state);
  if (!ended && (value === undefined || OPEN_STATES.has(value.state))) return;
  const isOne =
    value !== undefined && value.state === counted.state && (value.infoHashV2 ?? null) === counted.winner;
  if (isOne) return;
  if (value === undefined || later || (ended && OPEN_STATES.has(value.state))) {
    throw new ClientError(
      'stale',
      `the newest state of the log${state === undefined ? '' : ` (entry ${state.index})`} does not know yet that ` +
        `this release is ${counted.state}: ask again in a moment`,
    );
  }
  throw wrong(
    `its entries come to ${counted.state} for ${counted.winner ?? 'nothing'}, and the log's state says ` +
      `${value.state} for ${value.infoHashV2 ?? 'nothing'}`,
  );
}

/** Whether the proof holds anything about the release that came after the state, which follows in a moment. */
function isLater(entries: readonly Entry[], digest: string, state: Entry | undefined): boolean {
  return entries.some(({ index, statement: { predicate } }) => {
    return (
      state !== undefined && index > state.index && 'release' in predicate && predicate.release === digest
    );
  });
}

/** Under its name a release wins only while no other claims that name, which the state proves. */
function underItsName(release: ReleaseView, byName: boolean, values: StateValues | undefined): ReleaseView {
  const name = values?.read('name', release.package);
  if (name === undefined) return release;
  const claims = [name.live, ...name.rivals];
  const rivals = claims.includes(release.digest) ? claims.filter((digest) => digest !== release.digest) : [];
  if (!byName) return { ...release, rivals };
  if (name.live !== release.digest && !claims.includes(release.digest)) {
    throw wrong(`${release.package} stands for release ${name.live}, and the tally shows ${release.digest}`);
  }
  if (name.live !== release.digest)
    throw wrong('the tally shows a rival for the release that holds the name');
  return rivals.length === 0 ? release : { ...release, rivals, state: 'contested', winner: null };
}
