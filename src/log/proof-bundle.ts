import { z } from 'zod';
import { fromUtf8, issueWords, TextFormError, toBase64, toUtf8 } from '../bytes/index.ts';
import { formatTlogProof } from '../note/index.ts';
import { LogError } from './errors.ts';
import {
  base64,
  hash,
  index,
  isRising,
  note,
  type ProvedState,
  type ProvedStateLimits,
  provedStateJson,
  provedStateSchema,
} from './proved-state.ts';

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
  /** Earlier states, in the log’s order, by which the monitors of their time vouch for later policies. */
  readonly earlier?: readonly ProvedState[];
}

/** An entry with what proves that it stands in the checkpoint's tree. */
export interface ProvedEntry {
  readonly index: number;
  /** The leaf as `encodeLeaf` makes it. */
  readonly leaf: Uint8Array;
  /** RFC 6962 inclusion proof, from the leaf's sibling up; hashes of 32 bytes. */
  readonly hashes: readonly Uint8Array[];
}

export interface ProofBundleLimits extends ProvedStateLimits {
  readonly bytes: number;
  readonly entries: number;
  /** Bytes of a leaf. */
  readonly leafBytes: number;
  /** Earlier states, and values of one of them. */
  readonly earlier: number;
  readonly earlierValues: number;
  /** Commas and opening brackets: junk of many small parts would take a hundred times its size in memory. */
  readonly parts: number;
}

export const PROOF_BUNDLE_LIMITS: ProofBundleLimits = {
  bytes: 8 * 1024 * 1024,
  entries: 1024,
  leafBytes: 4096 + 8,
  earlier: 64,
  earlierValues: 32,
  values: 256,
  valueLength: 8192,
  parts: 250_000,
};

const FORMAT = 'bitquorum-proof/v1';
const MOST_HASHES = 63;
const [COMMA, BRACKET, BRACE] = [0x2c, 0x5b, 0x7b];

function schemaOf(limits: ProofBundleLimits) {
  const { entries, earlier, earlierValues, leafBytes } = limits;
  const leaf = base64.refine(({ length }) => length <= leafBytes, `a leaf has at most ${leafBytes} bytes`);
  return z.strictObject({
    format: z.literal(FORMAT),
    release: z.string().regex(/^[0-9a-f]{64}$/),
    checkpoint: note,
    entries: z
      .array(z.strictObject({ index, leaf, hashes: z.array(hash).max(MOST_HASHES) }))
      .min(1)
      .max(entries)
      .refine((list) => isRising(list.map((entry) => entry.index)), 'in order, each once'),
    state: provedStateSchema(limits).optional(),
    earlier: z
      .array(provedStateSchema({ ...limits, values: earlierValues }))
      .min(1)
      .max(earlier)
      .refine((list) => isRising(list.map((each) => each.index)), 'in order, each once')
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
    throw refusal(issueWords(parsed.error.issues));
  }
  const { release, checkpoint, entries, state, earlier } = parsed.data;
  const bundle: ProofBundle = {
    release,
    checkpoint,
    entries,
    ...(state !== undefined && { state }),
    ...(earlier !== undefined && { earlier }),
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

function textOf({ release, checkpoint, entries, state, earlier }: ProofBundle): string {
  const json = {
    format: FORMAT,
    release,
    checkpoint: fromUtf8(checkpoint),
    entries: entries.map((entry) => ({
      index: entry.index,
      leaf: toBase64(entry.leaf),
      hashes: entry.hashes.map(toBase64),
    })),
    ...(state !== undefined && { state: provedStateJson(state) }),
    ...(earlier !== undefined && { earlier: earlier.map(provedStateJson) }),
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

function refusal(why: string, cause?: unknown): LogError {
  return new LogError('bad-proof', `the proof of a release is refused: ${why}`, { cause });
}
