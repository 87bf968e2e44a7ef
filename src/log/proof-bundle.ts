import { z } from 'zod';
import { fromBase64, fromUtf8, TextFormError, toBase64, toUtf8 } from '../bytes/index.ts';
import { KEY_BITS, type MapProof } from '../merkle/index.ts';
import { formatTlogProof, NOTE_LIMITS, NoteError, parseNote } from '../note/index.ts';
import { LogError } from './errors.ts';

/** What a release's proof holds; nothing in it is verified by reading it. */
export interface ProofBundle {
  /** Digest of the release that it is about, 64 hex digits. */
  readonly release: string;
  /** The checkpoint, as its log and its witnesses signed it: a signed note. */
  readonly checkpoint: Uint8Array;
  /** In the log's order, each once. */
  readonly entries: readonly ProvedEntry[];
  /** What the newest `state` among the entries says; none where the log has no state yet. */
  readonly state?: ProvedState;
}

/** An entry with what proves that it stands in the checkpoint's tree. */
export interface ProvedEntry {
  readonly index: number;
  /** The leaf as `encodeLeaf` makes it. */
  readonly leaf: Uint8Array;
  /** RFC 6962 inclusion proof, from the leaf's sibling up; hashes of 32 bytes. */
  readonly hashes: readonly Uint8Array[];
}

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

export interface ProofBundleLimits {
  readonly bytes: number;
  readonly entries: number;
  /** Bytes of a leaf. */
  readonly leafBytes: number;
  readonly values: number;
  /** Characters of a key or a value of the state map. */
  readonly valueLength: number;
  /** Commas and opening brackets: junk of many small parts would take a hundred times its size in memory. */
  readonly parts: number;
}

export const PROOF_BUNDLE_LIMITS: ProofBundleLimits = {
  bytes: 8 * 1024 * 1024,
  entries: 1024,
  leafBytes: 4096 + 8,
  values: 64,
  valueLength: 8192,
  parts: 250_000,
};

const FORMAT = 'bitquorum-proof/v1';
const MOST_HASHES = 63;
const [COMMA, BRACKET, BRACE] = [0x2c, 0x5b, 0x7b];

const base64 = z.string().transform((text, context) => {
  try {
    return fromBase64(text);
  } catch (error) {
    if (!(error instanceof TextFormError)) throw error;
    context.addIssue({ code: 'custom', message: 'it is not canonical base64' });
    return z.NEVER;
  }
});
const hash = base64.refine(({ length }) => length === 32, 'a hash has 32 bytes');
const note = z.string().max(NOTE_LIMITS.noteBytes).refine(isNote, 'it is no signed note').transform(toUtf8);
const index = z.int().min(0);

function schemaOf({ entries, leafBytes, values, valueLength }: ProofBundleLimits) {
  const leaf = base64.refine(({ length }) => length <= leafBytes, `a leaf has at most ${leafBytes} bytes`);
  const text = z.string().max(valueLength);
  return z.strictObject({
    format: z.literal(FORMAT),
    release: z.string().regex(/^[0-9a-f]{64}$/),
    checkpoint: note,
    entries: z
      .array(z.strictObject({ index, leaf, hashes: z.array(hash).max(MOST_HASHES) }))
      .min(1)
      .max(entries)
      .refine((list) => isRising(list.map((entry) => entry.index)), 'in order, each once'),
    state: z
      .strictObject({
        index,
        values: z
          .array(
            z.strictObject({
              key: text,
              value: text.optional(),
              steps: z
                .array(
                  z.tuple([
                    z
                      .int()
                      .min(0)
                      .max(KEY_BITS - 1),
                    hash,
                  ]),
                )
                .max(KEY_BITS),
              other: z.tuple([hash, hash]).optional(),
            }),
          )
          .max(values)
          .refine((list) => isRising(list.map(({ key }) => key)), 'sorted, each once'),
        note: note.optional(),
      })
      .optional(),
  });
}

/**
 * Reads a `.bitquorum-proof`: JSON in the one form that {@link formatProofBundle} writes; anything else is refused
 * (`bad-proof`, `too-large`). docs/protocol.md describes the format.
 */
export function parseProofBundle(
  bytes: Uint8Array,
  limits: ProofBundleLimits = PROOF_BUNDLE_LIMITS,
): ProofBundle {
  if (bytes.length > limits.bytes) {
    throw new LogError('too-large', `a proof of ${bytes.length} bytes exceeds ${limits.bytes}`);
  }
  if (partsOf(bytes) > limits.parts) throw refusal(`it has more than ${limits.parts} parts`);
  const parsed = schemaOf(limits).safeParse(readJson(bytes));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw refusal(`${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'malformed'}`);
  }
  const { release, checkpoint, entries, state } = parsed.data;
  const bundle: ProofBundle = {
    release,
    checkpoint,
    entries,
    ...(state !== undefined && {
      state: {
        index: state.index,
        values: state.values.map(({ key, value, steps, other }) => ({
          key,
          ...(value !== undefined && { value }),
          proof: {
            steps: steps.map(([depth, sibling]) => ({ depth, sibling })),
            ...(other !== undefined && { other: { keyHash: other[0], valueHash: other[1] } }),
          },
        })),
        ...(state.note !== undefined && { note: state.note }),
      },
    }),
  };
  if (textOf(bundle) !== fromUtf8(bytes)) throw refusal('it is not in the one form that it may have');
  return bundle;
}

/** The bytes of a proof, `.bitquorum-proof` as a file; what {@link parseProofBundle} reads. */
export function formatProofBundle(bundle: ProofBundle): Uint8Array<ArrayBuffer> {
  return toUtf8(textOf(bundle));
}

/** One entry's proof as a C2SP tlog-proof of its own, for the programs of others. */
export function tlogProofOf(bundle: ProofBundle, entry: ProvedEntry): Uint8Array<ArrayBuffer> {
  return formatTlogProof({ index: entry.index, hashes: entry.hashes, checkpoint: bundle.checkpoint });
}

function textOf({ release, checkpoint, entries, state }: ProofBundle): string {
  const json = {
    format: FORMAT,
    release,
    checkpoint: fromUtf8(checkpoint),
    entries: entries.map((entry) => ({
      index: entry.index,
      leaf: toBase64(entry.leaf),
      hashes: entry.hashes.map(toBase64),
    })),
    ...(state !== undefined && {
      state: {
        index: state.index,
        values: state.values.map(({ key, value, proof: { steps, other } }) => ({
          key,
          ...(value !== undefined && { value }),
          steps: steps.map(({ depth, sibling }) => [depth, toBase64(sibling)]),
          ...(other !== undefined && { other: [toBase64(other.keyHash), toBase64(other.valueHash)] }),
        })),
        ...(state.note !== undefined && { note: fromUtf8(state.note) }),
      },
    }),
  };
  return `${JSON.stringify(json)}\n`;
}

function partsOf(bytes: Uint8Array): number {
  let parts = 0;
  for (const byte of bytes) if (byte === COMMA || byte === BRACKET || byte === BRACE) parts += 1;
  return parts;
}

function readJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(fromUtf8(bytes));
  } catch (cause) {
    if (cause instanceof TextFormError || cause instanceof SyntaxError) throw refusal('it is no JSON', cause);
    throw cause;
  }
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

function isRising(list: readonly (number | string)[]): boolean {
  return list.every((each, at) => at === 0 || (list[at - 1] as typeof each) < each);
}

function refusal(why: string, cause?: unknown): LogError {
  return new LogError('bad-proof', `the proof of a release is refused: ${why}`, { cause });
}
