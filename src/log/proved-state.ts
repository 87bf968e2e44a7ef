import { z } from 'zod';
import { fromBase64, fromUtf8, TextFormError, toBase64, toUtf8 } from '../bytes/index.ts';
import { KEY_BITS, type MapProof } from '../merkle/index.ts';
import { NOTE_LIMITS, NoteError, parseNote } from '../note/index.ts';
import { LogError } from './errors.ts';

/** What a proof shows of a `state` entry. */
export interface ProvedState {
  /** Index of the `state` entry. */
  readonly index: number;
  readonly values: readonly ProvedValue[];
  /** A signed note (`formatStateNote`) with the signatures of monitors; none where nobody has signed. */
  readonly note?: Uint8Array;
}

/** One key of the state map, its value, and what proves it. */
export interface ProvedValue {
  readonly key: string;
  /** Canonical JSON; undefined: the map has no such key. */
  readonly value?: string;
  readonly proof: MapProof;
}

export interface ProvedStateLimits {
  readonly values: number;
  /** Characters of a key or a value of the state map. */
  readonly valueLength: number;
}

export const base64 = z.string().transform((text, context) => {
  try {
    return fromBase64(text);
  } catch (error) {
    if (!(error instanceof TextFormError)) throw error;
    context.addIssue({ code: 'custom', message: 'it is not canonical base64' });
    return z.NEVER;
  }
});
export const hash = base64.refine(({ length }) => length === 32, 'a hash has 32 bytes');
export const note = z
  .string()
  .max(NOTE_LIMITS.noteBytes)
  .refine(isNote, 'it is no signed note')
  .transform(toUtf8);
export const index = z.int().min(0);

/** The JSON of a state in a proof, read as {@link ProvedState}. */
export function provedStateSchema({ values, valueLength }: ProvedStateLimits) {
  const text = z.string().max(valueLength);
  const depth = z
    .int()
    .min(0)
    .max(KEY_BITS - 1);
  const value = z.strictObject({
    key: text,
    value: text.optional(),
    steps: z.array(z.tuple([depth, hash])).max(KEY_BITS),
    other: z.tuple([hash, hash]).optional(),
  });
  return z
    .strictObject({
      index,
      values: z
        .array(value)
        .max(values)
        .refine((list) => isRising(list.map(({ key }) => key)), 'sorted, each once'),
      note: note.optional(),
    })
    .transform(
      (state): ProvedState => ({
        index: state.index,
        values: state.values.map((each) => ({
          key: each.key,
          ...(each.value !== undefined && { value: each.value }),
          proof: {
            steps: each.steps.map(([at, sibling]) => ({ depth: at, sibling })),
            ...(each.other !== undefined && { other: { keyHash: each.other[0], valueHash: each.other[1] } }),
          },
        })),
        ...(state.note !== undefined && { note: state.note }),
      }),
    );
}

/** The JSON that {@link provedStateSchema} reads. */
export function provedStateJson(state: ProvedState): object {
  return {
    index: state.index,
    values: state.values.map(({ key, value, proof: { steps, other } }) => ({
      key,
      ...(value !== undefined && { value }),
      steps: steps.map(({ depth, sibling }) => [depth, toBase64(sibling)]),
      ...(other !== undefined && { other: [toBase64(other.keyHash), toBase64(other.valueHash)] }),
    })),
    ...(state.note !== undefined && { note: fromUtf8(state.note) }),
  };
}

/** A state with what it proves as a file of its own: one line of JSON, as it stands in a proof. */
export function formatProvedState(state: ProvedState): Uint8Array<ArrayBuffer> {
  return toUtf8(`${JSON.stringify(provedStateJson(state))}\n`);
}

/** Reads {@link formatProvedState}'s bytes. Throws `bad-proof`. */
export function parseProvedState(bytes: Uint8Array, limits: ProvedStateLimits): ProvedState {
  try {
    const parsed = provedStateSchema(limits).safeParse(JSON.parse(fromUtf8(bytes)));
    if (parsed.success) return parsed.data;
  } catch (error) {
    if (!(error instanceof TextFormError || error instanceof SyntaxError)) throw error;
  }
  throw new LogError(
    'bad-proof',
    'the proof of a state is refused: it is of no form that this version knows',
  );
}

export function isRising(list: readonly (number | string)[]): boolean {
  return list.every((each, at) => at === 0 || (list[at - 1] as typeof each) < each);
}

function isNote(text: string): boolean {
  try {
    parseNote(toUtf8(text));
    return true;
  } catch (error) {
    if (error instanceof NoteError) return false;
    throw error;
  }
}
