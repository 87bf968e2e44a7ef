import { fromHex } from '../../bytes/index.ts';
import type { ProvedState } from '../../log/index.ts';
import { formatStateNote, NoteError, noteVerifier, openNote, parseVkey } from '../../note/index.ts';
import { type StatementOf, verifyEd25519 } from '../../statement/index.ts';
import type { Entry } from '../../tally/index.ts';
import type { OpenedProof } from './open-proof.ts';
import { StateValues } from './state-values.ts';
import { wrong } from './wrong-proof.ts';

/** A `state` entry that a proof holds, signed by the log, with the values that it proves. */
export interface Stated {
  readonly entry: Entry & { readonly statement: StatementOf<'state'> };
  readonly values: StateValues;
  /** Which of some monitors signed it, by name. Throws `mismatch` for a signature of theirs that is wrong. */
  readonly signersAmong: (keys: readonly string[]) => readonly string[];
}

/** The `state` that a proof rests on. */
export function newestStateOf(proof: OpenedProof, logKey: string): Stated | undefined {
  const { state } = proof.bundle;
  if (state === undefined) return undefined;
  const stated = statedBy(proof, state, logKey);
  if (!proof.entries.some(({ index }) => index === stated.entry.index - 1)) {
    throw wrong('it does not hold the entry before its state');
  }
  return stated;
}

/** States before that one, by which monitors of their time vouch for policies. */
export function earlierStatesOf(proof: OpenedProof, logKey: string): readonly Stated[] {
  return (proof.bundle.earlier ?? []).map((state) => statedBy(proof, state, logKey));
}

function statedBy({ entries, checkpoint }: OpenedProof, state: ProvedState, logKey: string): Stated {
  const entry = entries.find((each): each is Stated['entry'] => each.index === state.index && isState(each));
  if (entry === undefined) throw wrong('what it shows of a state is of no state entry');
  if (entry.statement.predicate.size !== entry.index)
    throw wrong('its state is of another size than it stands at');
  if (!entry.signers.includes(logKey)) throw wrong('its state is not signed by the log');
  const { root } = entry.statement.predicate;
  const expected = formatStateNote({ origin: checkpoint.origin, index: entry.index, root: fromHex(root) });
  return {
    entry,
    values: StateValues.prove(state, root),
    signersAmong: (keys) => (state.note === undefined ? [] : signersOf(state.note, expected, keys)),
  };
}

function isState(entry: Entry): entry is Stated['entry'] {
  return entry.statement.kind === 'state';
}

function signersOf(note: Uint8Array, expected: string, keys: readonly string[]): readonly string[] {
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
