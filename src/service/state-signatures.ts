import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fromHex } from '../bytes/index.ts';
import { makeLastingFolders, readNamed, replaceFile } from '../files/index.ts';
import type { Log } from '../log/index.ts';
import {
  formatNote,
  formatStateNote,
  NOTE_LIMITS,
  NoteError,
  noteVerifier,
  openNote,
  parseNote,
  parseStateNote,
} from '../note/index.ts';
import { openEnvelope, verifyEd25519 } from '../statement/index.ts';
import { ServiceError } from './errors.ts';
import { copyNumbered, numbersIn } from './numbered-files.ts';

const ENDING = 'note';

/** The newest states whose signatures are kept; clients want the last one. */
const MOST_STATES = 64;

/** What monitors signed about the log's `state` entries: one signed note a state, a file each. */
export class StateSignatures {
  readonly #folder: string;
  readonly #notes = new Map<number, Uint8Array>();
  /** The write that is on its way; one at a time. */
  #writing: Promise<void> = Promise.resolve();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(folder: string): Promise<StateSignatures> {
    const signatures = new StateSignatures(folder);
    await makeLastingFolders(folder);
    for (const index of await numbersIn(folder, ENDING)) {
      signatures.#notes.set(index, await readNamed(signatures.#path(index)));
    }
    return signatures;
  }

  /** The signed note about the state at an index; undefined when nobody has signed it. */
  get(index: number): Uint8Array | undefined {
    return this.#notes.get(index);
  }

  /**
   * Adds the signatures of a note by those monitors that the policy names (`vkeys`). Throws `not-found` when there is no
   * such state or it is too old, `bad-request`, and `wrong-signer` for a note without a good signature of theirs.
   */
  async add(log: Log, index: number, note: Uint8Array, vkeys: readonly string[]): Promise<void> {
    const text = await stateText(log, index);
    const before = this.#writing;
    const { promise: written, resolve: end } = Promise.withResolvers<void>();
    this.#writing = written;
    await before;
    try {
      await this.#add(index, text, note, vkeys);
    } finally {
      end();
    }
  }

  async #add(index: number, text: string, note: Uint8Array, vkeys: readonly string[]): Promise<void> {
    const signatures = open(note, text, vkeys);
    const kept = this.#notes.get(index);
    const others = kept === undefined ? [] : parseNote(kept).signatures;
    const fresh = signatures.filter(
      ({ name, keyId }) => !others.some((other) => other.name === name && other.keyId === keyId),
    );
    if (fresh.length === 0) return;
    const older = [...this.#notes.keys()].toSorted((left, right) => right - left).slice(MOST_STATES - 1);
    if (kept === undefined && older.some((each) => each > index)) {
      throw new ServiceError('not-found', `The state of entry ${index} is too old: sign the newest.`);
    }
    const whole = formatNote({ text, signatures: [...others, ...fresh] });
    await replaceFile(this.#path(index), whole);
    this.#notes.set(index, whole);
    for (const each of this.#notes.size > MOST_STATES ? older : []) {
      await rm(this.#path(each), { force: true });
      this.#notes.delete(each);
    }
  }

  #path(index: number): string {
    return join(this.#folder, `${index}.${ENDING}`);
  }
}

/** Copies what a folder keeps into another one, which is made if there is anything. */
export function copyStateSignatures(from: string, to: string): Promise<void> {
  return copyNumbered(from, to, ENDING);
}

/** What monitors sign about the `state` entry at an index. */
async function stateText(log: Log, index: number): Promise<string> {
  if (index < log.size) {
    for await (const { envelope } of log.readEntries(index)) {
      const { statement } = openEnvelope(envelope);
      if (statement.kind !== 'state') break;
      const { origin, root } = statement.predicate;
      return formatStateNote({ origin, index, root: fromHex(root) });
    }
  }
  throw new ServiceError('not-found', `Entry ${index} of this log is no state.`);
}

/** The good signatures of known monitors on a note whose text is the expected one. */
function open(note: Uint8Array, text: string, vkeys: readonly string[]) {
  try {
    const verifiers = vkeys.map((vkey) => noteVerifier(vkey, verifyEd25519));
    const limits = { ...NOTE_LIMITS, signatures: 32 };
    parseStateNote(parseNote(note, limits).text);
    const opened = openNote(note, verifiers, limits);
    if (opened.text === text) return opened.verified;
  } catch (cause) {
    if (!(cause instanceof NoteError)) throw cause;
    const isForeign = cause.code === 'unsigned' || cause.code === 'bad-signature';
    throw new ServiceError(isForeign ? 'wrong-signer' : 'bad-request', `${cause.message}.`, { cause });
  }
  throw new ServiceError('bad-request', 'What is signed is not what this state says.');
}
