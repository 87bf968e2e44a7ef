import {
  concatBytes,
  fromBase64,
  fromHex,
  fromUtf8,
  TextFormError,
  toBase64,
  toHex,
  toUtf8,
} from '../bytes/index.ts';
import { NoteError } from './errors.ts';
import { isKeyName } from './key-name.ts';

/** One signature line: `— <name> <base64(key id ‖ signature)>`. */
export interface NoteSignature {
  readonly name: string;
  /** 8 lower-case hex digits. */
  readonly keyId: string;
  /** What follows the key id: 64 bytes for Ed25519, more for other types. */
  readonly signature: Uint8Array;
}

/** A note as it was read, nothing verified. */
export interface SignedNote {
  /** The signed text with its final newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export interface NoteLimits {
  readonly noteBytes: number;
  readonly signatures: number;
}

/** Room for a quorum of post-quantum cosignatures (about 3.3 KB each, C2SP tlog-cosignature). */
export const NOTE_LIMITS: NoteLimits = { noteBytes: 512 * 1024, signatures: 100 };

/**
 * Reads a signed note (C2SP signed-note) without verifying anything:
 *
 * ```text
 * text of one or more lines
 *
 * — example.com/log Az3grl…
 * — witness.example/w1 jWbPPw…
 * ```
 *
 * Text and signatures are parted by the last empty line. Throws `too-large` and `bad-note`.
 */
export function parseNote(bytes: Uint8Array, limits: NoteLimits = NOTE_LIMITS): SignedNote {
  if (bytes.length > limits.noteBytes) {
    throw new NoteError('too-large', `a note of ${bytes.length} bytes exceeds ${limits.noteBytes}`);
  }
  const whole = decodeText(bytes);
  const split = whole.lastIndexOf('\n\n');
  if (split < 0) throw malformed('no empty line parts its text from its signatures');
  const text = whole.slice(0, split + 1);
  const tail = whole.slice(split + 2);
  if (tail === '' || !tail.endsWith('\n')) throw malformed('it does not end with a signature line');
  const lines = tail.slice(0, -1).split('\n');
  if (lines.length > limits.signatures) {
    throw new NoteError('too-large', `a note with ${lines.length} signatures exceeds ${limits.signatures}`);
  }
  return { text, signatures: lines.map(parseSignatureLine) };
}

/** The bytes of a note; what {@link parseNote} reads. Throws `bad-note` for what a note may not hold. */
export function formatNote(note: SignedNote): Uint8Array<ArrayBuffer> {
  checkText(note.text);
  const lines = note.signatures.map(({ name, keyId, signature }) => {
    if (!isKeyName(name)) throw malformed(`key name ${JSON.stringify(name.slice(0, 80))} cannot stand in it`);
    return `— ${name} ${toBase64(concatBytes(fromHex(keyId), signature))}\n`;
  });
  return toUtf8(`${note.text}\n${lines.join('')}`);
}

function parseSignatureLine(line: string): NoteSignature {
  // What is a space, `isKeyName` says: `\S` goes by the machine's own table, and takes U+FEFF for one.
  const match = /^— ([^ ]+) ([A-Za-z0-9+/=]+)$/u.exec(line);
  if (match === null) throw malformed(`${JSON.stringify(line.slice(0, 80))} is no signature line`);
  const [, name = '', encoded = ''] = match;
  if (!isKeyName(name)) throw malformed(`${JSON.stringify(name.slice(0, 80))} is no key name`);
  const bytes = decodeSignature(encoded);
  if (bytes.length < 5) throw malformed(`the signature of ${name} is shorter than its key id`);
  return { name, keyId: toHex(bytes.subarray(0, 4)), signature: bytes.subarray(4) };
}

function decodeText(bytes: Uint8Array): string {
  try {
    const text = fromUtf8(bytes);
    checkControls(text);
    return text;
  } catch (cause) {
    if (cause instanceof TextFormError) throw malformed('it is not UTF-8', cause);
    throw cause;
  }
}

function decodeSignature(encoded: string): Uint8Array {
  try {
    return fromBase64(encoded);
  } catch (cause) {
    if (cause instanceof TextFormError) throw malformed('a signature is not canonical base64', cause);
    throw cause;
  }
}

/** A text that can be signed: no control character, a newline at its end. Throws `bad-note`. */
export function checkText(text: string): void {
  checkControls(text);
  if (!text.endsWith('\n')) throw malformed('its text does not end with a newline');
}

function checkControls(text: string): void {
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  if (/[\u0000-\u0009\u000b-\u001f]/.test(text)) throw malformed('it holds a control character');
}

function malformed(why: string, cause?: unknown): NoteError {
  return new NoteError('bad-note', `the signed note is refused: ${why}`, { cause });
}
