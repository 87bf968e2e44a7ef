import { readIfThere } from '../files/index.ts';
import { type Checkpoint, NoteError, noteVerifier, openNote, parseCheckpoint } from '../note/index.ts';
import { verifyEd25519 } from '../statement/index.ts';
import { ClientError } from './errors.ts';
import { keepFile, logFile } from './log-file.ts';

/**
 * The newest checkpoint of one log that this user has seen, kept as the log signed it: a later tree that does not
 * hold it is evidence of a fork. One file a log: `<folder>/<sha256 of the vkey>.checkpoint`.
 */
export class SeenCheckpoint {
  readonly path: string;
  readonly #vkey: string;

  constructor(folder: string, vkey: string) {
    this.path = logFile(folder, vkey, 'checkpoint');
    this.#vkey = vkey;
  }

  /** The kept checkpoint, its signature checked again; undefined before the first. Throws `bad-state`. */
  async read(): Promise<Checkpoint | undefined> {
    const note = await readIfThere(this.path);
    if (note === undefined) return undefined;
    try {
      return openCheckpoint(note, this.#vkey);
    } catch (error) {
      throw new ClientError(
        'bad-state',
        `${this.path}, the last checkpoint seen of this log, is damaged: find out why before you remove it`,
        { cause: error },
      );
    }
  }

  /** Keeps a checkpoint durably, unless a larger one is kept already (by another process, meanwhile). */
  async write(note: Uint8Array, size: number): Promise<void> {
    const kept = await this.read();
    if (kept !== undefined && kept.size >= size) return;
    await keepFile(this.path, note);
  }
}

/** Reads a checkpoint note signed by `vkey`, whose name must be the origin. Throws `mismatch`. */
export function openCheckpoint(note: Uint8Array, vkey: string): Checkpoint {
  const verifier = noteVerifier(vkey, verifyEd25519);
  try {
    const checkpoint = parseCheckpoint(openNote(note, [verifier]).text);
    if (checkpoint.origin === verifier.name) return checkpoint;
    throw new ClientError('mismatch', `the checkpoint is of ${checkpoint.origin}, not of ${verifier.name}`);
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    throw new ClientError('mismatch', `the log's checkpoint is not signed by ${vkey}: ${error.message}`, {
      cause: error,
    });
  }
}
