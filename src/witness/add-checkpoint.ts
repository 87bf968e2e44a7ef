import { fromBase64, fromUtf8, TextFormError, toBase64, toUtf8 } from '../bytes/index.ts';
import { NoteError, parseNote } from '../note/index.ts';
import { WitnessError } from './errors.ts';

/** A request for a cosignature (C2SP tlog-witness, "add-checkpoint"), as it was read: nothing is verified. */
export interface AddCheckpoint {
  /** Size of the checkpoint that the client thinks was cosigned last; 0 for none. */
  readonly oldSize: number;
  /** RFC 6962 consistency proof from there, at most 63 hashes of 32 bytes. */
  readonly proof: readonly Uint8Array[];
  /** The checkpoint as signed note. */
  readonly note: Uint8Array;
}

const MOST_HASHES = 63;
const HASH_BYTES = 32;

/**
 * Reads the body of a request; the caller has bounded its length. Throws `bad-request`.
 *
 * ```text
 * old 20852014
 * PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
 *
 * example.com/behind-the-sofa
 * 20852163
 * CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
 *
 * — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq…
 * ```
 */
export function parseAddCheckpoint(body: Uint8Array): AddCheckpoint {
  const text = decoded(() => fromUtf8(body), 'the body is not UTF-8');
  const end = text.indexOf('\n\n');
  if (end < 0) throw bad('no empty line stands before the checkpoint');
  const [first = '', ...hashes] = text.slice(0, end).split('\n');
  const oldSize = Number(/^old (0|[1-9][0-9]*)$/.exec(first)?.[1]);
  if (!Number.isSafeInteger(oldSize)) throw bad('the first line is not "old" and a size below 2^53');
  if (hashes.length > MOST_HASHES) throw bad(`there are more than ${MOST_HASHES} lines of proof`);
  const note = toUtf8(text.slice(end + 2));
  try {
    parseNote(note);
  } catch (cause) {
    if (cause instanceof NoteError) throw bad(cause.message, cause);
    throw cause;
  }
  return { oldSize, proof: hashes.map(parseHash), note };
}

/** The body that {@link parseAddCheckpoint} reads. */
export function formatAddCheckpoint({ oldSize, proof, note }: AddCheckpoint): Uint8Array<ArrayBuffer> {
  const lines = [`old ${oldSize}`, ...proof.map(toBase64), '', ''];
  return toUtf8(lines.join('\n') + fromUtf8(note));
}

function parseHash(line: string): Uint8Array {
  const hash = decoded(() => fromBase64(line), 'a line of the proof is not canonical base64');
  if (hash.length !== HASH_BYTES)
    throw bad(`a hash of the proof has ${hash.length} bytes, not ${HASH_BYTES}`);
  return hash;
}

function decoded<Value>(decode: () => Value, why: string): Value {
  try {
    return decode();
  } catch (cause) {
    if (cause instanceof TextFormError) throw bad(why, cause);
    throw cause;
  }
}

function bad(why: string, cause?: unknown): WitnessError {
  return new WitnessError('bad-request', why, { cause });
}
