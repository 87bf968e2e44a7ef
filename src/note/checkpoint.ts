import { fromBase64, TextFormError, toBase64 } from '../bytes/index.ts';
import { NoteError } from './errors.ts';

/** A log's tree head (C2SP tlog-checkpoint). */
export interface Checkpoint {
  /** Unique name of the log, such as `example.com/log`. */
  readonly origin: string;
  /** Number of leaves; at most 2^53 − 1 here. */
  readonly size: number;
  /** RFC 6962 root over them, 32 bytes. */
  readonly root: Uint8Array;
  /** Further lines, opaque, none empty. */
  readonly extensions: readonly string[];
}

const LONGEST_ORIGIN = 255;
const LONGEST_TEXT = 16 * 1024;
const ROOT_BYTES = 32;

/**
 * Reads the text of a checkpoint, that is a note's text with its final newline:
 *
 * ```text
 * example.com/behind-the-sofa
 * 20852163
 * CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
 * ```
 *
 * The size has one decimal form, the root one base64 form; all else is refused (`bad-checkpoint`).
 */
export function parseCheckpoint(text: string): Checkpoint {
  if (text.length > LONGEST_TEXT) throw refusal(`it is longer than ${LONGEST_TEXT} characters`);
  if (!text.endsWith('\n')) throw refusal('its last line does not end with a newline');
  const [origin = '', digits = '', encoded = '', ...extensions] = text.slice(0, -1).split('\n');
  checkOrigin(origin);
  const size = Number(digits);
  if (!Number.isSafeInteger(size) || String(size) !== digits || size < 0) {
    throw refusal(`size ${JSON.stringify(digits.slice(0, 40))} is no canonical decimal number below 2^53`);
  }
  if (extensions.includes('')) throw refusal('it has an empty line');
  return { origin, size, root: parseRoot(encoded), extensions };
}

/** The text of a checkpoint, to be signed as a note; what {@link parseCheckpoint} reads. */
export function formatCheckpoint(checkpoint: Checkpoint): string {
  const { origin, size, root, extensions } = checkpoint;
  const text = `${[origin, String(size), toBase64(root), ...extensions].join('\n')}\n`;
  parseCheckpoint(text);
  return text;
}

function checkOrigin(origin: string): void {
  if (origin === '' || origin.length > LONGEST_ORIGIN) {
    throw refusal(`an origin has 1 to ${LONGEST_ORIGIN} characters, not ${origin.length}`);
  }
}

function parseRoot(encoded: string): Uint8Array {
  let root: Uint8Array;
  try {
    root = fromBase64(encoded);
  } catch (cause) {
    if (cause instanceof TextFormError) throw refusal('its root is not canonical base64', cause);
    throw cause;
  }
  if (root.length !== ROOT_BYTES) throw refusal(`its root has ${root.length} bytes, not ${ROOT_BYTES}`);
  return root;
}

function refusal(why: string, cause?: unknown): NoteError {
  return new NoteError('bad-checkpoint', `the checkpoint is refused: ${why}`, { cause });
}
