import { fromHex, printable, toHex } from '../../bytes/index.ts';
import { formatStateNote, NoteError, noteVerifier, openNote, parseVkey } from '../../note/index.ts';
import { type StatementOf, sha256, verifyEd25519 } from '../../statement/index.ts';
import {
  countSome,
  type Entry,
  emptyTally,
  entriesAbout,
  type GivenDraw,
  packageOf,
  type ReleaseView,
  releaseView,
  type Tally,
  witnessedOf,
} from '../../tally/index.ts';
import { ClientError } from '../errors.ts';
import { timelyOf } from '../freshness.ts';
import type { Level } from '../levels.ts';
import { type LogTrust, type OpenedProof, openProof } from './open-proof.ts';
import { type LightValueOf, StateValues } from './state-values.ts';

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
 */
export function checkProof(bytes: Uint8Array, trust: LogTrust, name?: string): CheckedProof {
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

  const stated = stateOf(proof);
  const value = stated?.values.read('release', digest);
  const tally = recount(proof, trust.logKey, stated, value);
  const view = releaseView(tally, digest);
  if (view === undefined) throw wrong('its release does not count');
  requireAgreement(view, value, stated?.entry, isLater(entries, digest, stated?.entry));
  // Of founders and elders outside the panel, who make a release provisional, a proof holds nothing.
  const isProvisional = value?.state === 'provisional' && view.state === 'voting';
  const counted: ReleaseView = isProvisional ? { ...view, state: 'provisional' } : view;
  const release = underItsName(counted, name !== digest, stated?.values);
  const signersAmong = (keys: readonly string[]): readonly string[] => signersOf(proof, stated?.entry, keys);
  const { keys = [], quorum = 0 } = tally.policy?.rules.monitors ?? {};
  const monitors = { signed: signersAmong(keys), quorum };
  const newest = stated?.values.read('newest', packageOf(packageUrl));
  return {
    proof,
    tally,
    release,
    witnesses: timelyOf(tally, proof.cosigners).length,
    monitors,
    level: monitors.quorum > 0 && monitors.signed.length >= monitors.quorum ? 'proof' : 'tally',
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

interface Stated {
  readonly entry: Entry & { readonly statement: StatementOf<'state'> };
  readonly values: StateValues;
}

/** The `state` that a proof rests on, with the values that it proves. */
function stateOf({ bundle, entries }: OpenedProof): Stated | undefined {
  const { state } = bundle;
  if (state === undefined) return undefined;
  const entry = entries.find((each): each is Stated['entry'] => each.index === state.index && isState(each));
  if (entry === undefined) throw wrong('what it shows of a state is of no state entry');
  if (entry.statement.predicate.size !== entry.index)
    throw wrong('its state is of another size than it stands at');
  if (!entries.some(({ index }) => index === entry.index - 1)) {
    throw wrong('it does not hold the entry before its state');
  }
  return { entry, values: StateValues.prove(state, entry.statement.predicate.root) };
}

function isState(entry: Entry): entry is Stated['entry'] {
  return entry.statement.kind === 'state';
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

/** Counts the entries of a proof; the state must name the policy that then is in force. */
function recount(
  proof: OpenedProof,
  logKey: string,
  stated: Stated | undefined,
  value: LightValueOf<'release'> | undefined,
): Tally {
  const { bundle, entries } = proof;
  const { name: origin, publicKey } = parseVkey(logKey);
  const given = new Map([[bundle.release, givenDraw(proof, value)]]);
  const tally = emptyTally({ origin, logKey: toHex(publicKey), sha256, given });
  const about = entriesAbout(bundle.release, entries, value?.supersededBy);
  for (const entry of entries) {
    if (entry.index === stated?.entry.index) {
      requireStatedPolicy(tally, stated);
      if (!entry.signers.includes(tally.context.logKey)) throw wrong('its state is not signed by the log');
    }
    countSome(tally, { ...entry, ...witnessedOf(tally, entry.statement, verifyEd25519) }, about);
  }
  if (tally.policy === undefined) throw wrong('entry 0 is no policy signed by its founders');
  const verdict = tally.releases.get(bundle.release)?.verdict;
  const fault = tally.alarms.find(({ index }) => index === verdict?.index);
  if (fault !== undefined) throw wrong(`the log's verdict is not what its votes come to (${fault.reason})`);
  return tally;
}

function requireStatedPolicy(tally: Tally, { entry, values }: Stated): void {
  const stated = values.read('policy');
  const counted = tally.policy?.digest;
  if (counted !== entry.statement.predicate.policy || counted !== stated?.digest) {
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

/** Which of some monitors signed the state. */
function signersOf(
  { bundle, checkpoint }: OpenedProof,
  state: Stated['entry'] | undefined,
  keys: readonly string[],
): readonly string[] {
  const note = bundle.state?.note;
  if (note === undefined || state === undefined) return [];
  const root = fromHex(state.statement.predicate.root);
  const expected = formatStateNote({ origin: checkpoint.origin, index: state.index, root });
  const known = keys.filter(isPlainKey).map((vkey) => noteVerifier(vkey, verifyEd25519));
  try {
    const { text, verified } = openNote(note, known);
    if (text !== expected) throw wrong("what the monitors signed is not the log's state");
    return verified.map(({ name }) => name);
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    if (error.code === 'unsigned') return [];
    throw wrong(`a monitor's signature on the state is wrong: ${error.message}`);
  }
}

function isPlainKey(vkey: string): boolean {
  try {
    return parseVkey(vkey).name !== '';
  } catch (error) {
    if (error instanceof NoteError) return false;
    throw error;
  }
}

function wrong(why: string): ClientError {
  return new ClientError(
    'mismatch',
    `the proof of this release does not hold: ${printable(why)}. Do not trust this tally; tell its operator`,
  );
}
