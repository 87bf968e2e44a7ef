import { fromBase64, TextFormError, toBase64 } from '../bytes/index.ts';
import { NoteError } from './errors.ts';

/** What a monitor signs once it has recomputed a `state` entry of a log. */
export interface StateNote {
  readonly origin: string;
  /** Index of the `state` entry. */
  readonly index: number;
  /** Root of the state map, 32 bytes, as the entry says and the monitor computed. */
  readonly root: Uint8Array;
}

const HEADER = 'bitquorum/state/v1';
const LONGEST_TEXT = 1024;
const ROOT_BYTES = 32;

/**
 * The text of a state's note, signed as any C2SP note; what {@link parseStateNote} reads:
 *
 * ```text
 * bitquorum/state/v1
 * example.com/log
 * 4711
 * CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
 * ```
 */
export function formatStateNote({ origin, index, root }: StateNote): string {
  const text = `${HEADER}\n${origin}\n${index}\n${toBase64(root)}\n`;
  parseStateNote(text);
  return text;
}

/** Reads {@link formatStateNote}'s text, nothing else. Throws `bad-state`. */
export function parseStateNote(text: string): StateNote {
  if (text.length > LONGEST_TEXT) throw malformed(`it is longer than ${LONGEST_TEXT} characters`);
  const [header, origin = '', digits = '', encoded = '', rest, ...more] = text.split('\n');
  const index = Number(digits);
  const isNumber = Number.isSafeInteger(index) && index >= 0 && String(index) === digits;
  if (header !== HEADER || origin === '' || !isNumber || rest !== '' || more.length > 0) {
    throw malformed('it is not the header, an origin, an index and a root, a line each');
  }
  return { origin, index, root: parseRoot(encoded) };
}

function parseRoot(encoded: string): Uint8Array {
  try {
    const root = fromBase64(encoded);
    if (root.length === ROOT_BYTES) return root;
    throw malformed(`its root has ${root.length} bytes, not ${ROOT_BYTES}`);
  } catch (cause) {
    if (cause instanceof TextFormError) throw malformed('its root is not canonical base64', cause);
    throw cause;
  }
}

function malformed(why: string, cause?: unknown): NoteError {
  return new NoteError('bad-state', `the signed state is refused: ${why}`, { cause });
}
