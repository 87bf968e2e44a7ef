import { fromBase64, fromUtf8, TextFormError, toBase64, toUtf8 } from '../bytes/index.ts';
import { NoteError } from './errors.ts';
import { NOTE_LIMITS, type NoteLimits, parseNote } from './note.ts';

/** That an entry is in a log, verifiable offline (C2SP tlog-proof). Nothing in it is verified by reading it. */
export interface TlogProof {
  /** Opaque, unauthenticated bytes for the application. */
  readonly extra?: Uint8Array;
  /** Index of the entry, from 0; at most 2^53 − 1. */
  readonly index: number;
  /** RFC 6962 inclusion proof, from the leaf's sibling up; at most 63 hashes of 32 bytes. */
  readonly hashes: readonly Uint8Array[];
  /** The checkpoint as signed note, as its log and its cosigners signed it. */
  readonly checkpoint: Uint8Array;
}

export interface TlogProofLimits extends NoteLimits {
  /** Bytes of the extra data, decoded. */
  readonly extraBytes: number;
}

export const TLOG_PROOF_LIMITS: TlogProofLimits = { ...NOTE_LIMITS, extraBytes: 16 * 1024 };

const HEADER = 'c2sp.org/tlog-proof@v1';
const HASH_BYTES = 32;
const MOST_HASHES = 63;
/** What stands before the checkpoint besides the extra data: header, index, hashes, newlines. */
const HEAD_BYTES = 4096;

/**
 * Reads a proof:
 *
 * ```text
 * c2sp.org/tlog-proof@v1
 * extra YWdlLXYxLjIu
 * index 73894
 * gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
 *
 * example.com/fancylog
 * 109482
 * sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=
 *
 * — example.com/fancylog hI2DJw…
 * ```
 *
 * The checkpoint must have a signed note's form. Throws `bad-proof`, `bad-note` and `too-large`.
 */
export function parseTlogProof(bytes: Uint8Array, limits: TlogProofLimits = TLOG_PROOF_LIMITS): TlogProof {
  const most = limits.noteBytes + HEAD_BYTES + Math.ceil(limits.extraBytes / 3) * 4;
  if (bytes.length > most) {
    throw new NoteError('too-large', `a proof of ${bytes.length} bytes exceeds ${most}`);
  }
  const whole = decodeText(bytes);
  const end = whole.indexOf('\n\n');
  if (end < 0) throw malformed('no empty line parts its hashes from its checkpoint');
  const lines = whole.slice(0, end).split('\n');
  if (lines.shift() !== HEADER) throw malformed(`its first line is not ${HEADER}`);
  const extra = lines[0]?.startsWith('extra ') ? lines.shift()?.slice('extra '.length) : undefined;
  const index = parseIndex(lines.shift());
  if (lines.length > MOST_HASHES) throw malformed(`it has ${lines.length} hashes, more than ${MOST_HASHES}`);
  const checkpoint = toUtf8(whole.slice(end + 2));
  parseNote(checkpoint, limits);
  return {
    ...(extra !== undefined && { extra: parseExtra(extra, limits) }),
    index,
    hashes: lines.map(parseHash),
    checkpoint,
  };
}

/** The bytes that {@link parseTlogProof} reads, `.tlog-proof` as a file. */
export function formatTlogProof(proof: TlogProof): Uint8Array<ArrayBuffer> {
  const head = [
    HEADER,
    ...(proof.extra === undefined ? [] : [`extra ${toBase64(proof.extra)}`]),
    `index ${proof.index}`,
    ...proof.hashes.map(toBase64),
    '',
    '',
  ];
  const bytes = toUtf8(head.join('\n') + fromUtf8(proof.checkpoint));
  parseTlogProof(bytes);
  return bytes;
}

function parseIndex(line: string | undefined): number {
  const [, digits = ''] = /^index (.*)$/u.exec(line ?? '') ?? [];
  const index = Number(digits);
  if (Number.isSafeInteger(index) && index >= 0 && String(index) === digits) return index;
  throw malformed(
    `${JSON.stringify((line ?? '').slice(0, 40))} is not "index" and a canonical number below 2^53`,
  );
}

function parseExtra(encoded: string, { extraBytes }: TlogProofLimits): Uint8Array {
  const extra = decodeBase64(encoded, 'its extra data');
  if (extra.length === 0) throw malformed('its extra data is empty: then the line is left out');
  if (extra.length <= extraBytes) return extra;
  throw new NoteError('too-large', `extra data of ${extra.length} bytes exceeds ${extraBytes}`);
}

function parseHash(line: string): Uint8Array {
  const hash = decodeBase64(line, 'a hash of it');
  if (hash.length !== HASH_BYTES) throw malformed(`a hash of it has ${hash.length} bytes, not ${HASH_BYTES}`);
  return hash;
}

function decodeBase64(encoded: string, what: string): Uint8Array {
  try {
    return fromBase64(encoded);
  } catch (cause) {
    if (cause instanceof TextFormError) throw malformed(`${what} is not canonical base64`, cause);
    throw cause;
  }
}

function decodeText(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch (cause) {
    if (cause instanceof TextFormError) throw malformed('it is not UTF-8', cause);
    throw cause;
  }
}

function malformed(why: string, cause?: unknown): NoteError {
  return new NoteError('bad-proof', `the proof of logging is refused: ${why}`, { cause });
}
