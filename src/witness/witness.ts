import { equalBytes, fromUtf8, toUtf8 } from '../bytes/index.ts';
import { nodeHasher } from '../log/index.ts';
import { LogTreeError, verifyConsistency } from '../merkle/index.ts';
import {
  type Checkpoint,
  formatNote,
  NoteError,
  type NoteSignature,
  type NoteVerifier,
  openNote,
  parseCheckpoint,
  parseNote,
} from '../note/index.ts';
import { type AddCheckpoint, parseAddCheckpoint } from './add-checkpoint.ts';
import type { Cosigner } from './cosigner.ts';
import { ConflictError, WitnessError } from './errors.ts';
import type { HeadStore } from './head-store.ts';

/** The keys whose signatures on a log's checkpoints are known, by origin. */
export type KnownLogs = ReadonlyMap<string, readonly NoteVerifier[]>;

export interface WitnessParts {
  readonly heads: HeadStore;
  readonly logs: KnownLogs;
  /** One cosignature of each is in every answer. */
  readonly cosigners: readonly Cosigner[];
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  readonly forksPerLog: number;
  /** Told of two checkpoints of one size with different roots, both signed by the log. */
  readonly onFork?: (origin: string, size: number) => void;
}

interface SignedCheckpoint extends Checkpoint {
  readonly text: string;
  /** The log's own signatures, verified. */
  readonly signatures: readonly NoteSignature[];
}

/**
 * The rules of C2SP tlog-witness: what is cosigned, and what is answered instead. From the look at the head cosigned
 * last to the new one being durable nothing is awaited, so requests of one log come one after the other and none can
 * take a head back.
 */
export class Witness {
  readonly #parts: WitnessParts;

  constructor(parts: WitnessParts) {
    this.#parts = parts;
  }

  /**
   * Answers the body of an `add-checkpoint` request with cosignature lines. Throws, in this order of checks:
   * `bad-request` (400), `unknown-log` (404), `bad-signature` (403), `bad-request` again for an old size beyond the
   * checkpoint's, {@link ConflictError} (409), `inconsistent` (422), and `bad-state` when nothing can be kept.
   */
  addCheckpoint(body: Uint8Array): {
    readonly origin: string;
    readonly size: number;
    readonly lines: Uint8Array;
  } {
    const request = parseAddCheckpoint(body);
    const checkpoint = this.#open(request.note);
    const { origin, size, root, text } = checkpoint;
    if (request.oldSize > size) {
      throw new WitnessError('bad-request', `old size ${request.oldSize} is beyond the checkpoint's ${size}`);
    }
    const { heads, cosigners, nowMs } = this.#parts;
    const held = heads.read(origin);
    if (request.oldSize !== (held?.size ?? 0)) throw new ConflictError(held?.size ?? 0);
    this.#requireConsistent(request, checkpoint, held);
    const timestamp = Math.floor(nowMs() / 1000);
    const given = held === undefined ? [] : givenBefore(held.note, text);
    const lines = cosigners.map(
      (cosigner) => given.find(({ keyId }) => keyId === cosigner.keyId) ?? cosigner.cosign(text, timestamp),
    );
    const note = formatNote({ text, signatures: [...checkpoint.signatures, ...lines] });
    if (!heads.replace(origin, request.oldSize, { size, root, note })) {
      throw new WitnessError('bad-state', `the head of ${origin} changed under the witness: start it anew`);
    }
    return { origin, size, lines: formatLines(lines) };
  }

  /** The checkpoint cosigned last of a log, with its own cosignatures; undefined when there was none. */
  checkpoint(origin: string): Uint8Array | undefined {
    return this.#parts.heads.read(origin)?.note;
  }

  #open(note: Uint8Array): SignedCheckpoint {
    const checkpoint = parseText(parseNote(note).text);
    const verifiers = this.#parts.logs.get(checkpoint.origin);
    if (verifiers === undefined) {
      throw new WitnessError(
        'unknown-log',
        `this witness does not know the log ${JSON.stringify(checkpoint.origin)}`,
      );
    }
    try {
      const { text, verified } = openNote(note, verifiers);
      return { ...checkpoint, text, signatures: verified };
    } catch (cause) {
      if (!(cause instanceof NoteError)) throw cause;
      throw new WitnessError('bad-signature', cause.message, { cause });
    }
  }

  #requireConsistent(
    { oldSize, proof }: AddCheckpoint,
    { origin, size, root, text, signatures }: SignedCheckpoint,
    held: { readonly root: Uint8Array; readonly note: Uint8Array } | undefined,
  ): void {
    if (size === 0 && !equalBytes(root, nodeHasher.empty)) {
      throw new WitnessError('inconsistent', 'the root of an empty tree is the SHA-256 of nothing');
    }
    if (oldSize === 0 || oldSize === size) {
      if (proof.length > 0) {
        throw new WitnessError(
          'inconsistent',
          'nothing is to be proved from here: the consistency proof has to be empty',
        );
      }
      if (held === undefined || oldSize !== size || equalBytes(held.root, root)) return;
      // Without lines by unknown keys: whoever adds those to one fork could fill the place of others.
      this.#parts.heads.keepFork(
        origin,
        held.note,
        formatNote({ text, signatures }),
        this.#parts.forksPerLog,
      );
      this.#parts.onFork?.(origin, size);
      throw new WitnessError('inconsistent', `the log signed another tree of ${size} entries before`);
    }
    try {
      const oldRoot = held?.root ?? nodeHasher.empty;
      verifyConsistency({ oldSize, oldRoot, newSize: size, newRoot: root, proof }, nodeHasher);
    } catch (cause) {
      if (!(cause instanceof LogTreeError)) throw cause;
      throw new WitnessError('inconsistent', `the consistency proof does not hold: ${cause.message}`, {
        cause,
      });
    }
  }
}

/**
 * The cosignatures of the head cosigned last, when that very checkpoint is asked for again: they are answered once more.
 * C2SP tlog-witness asks for cosignatures on the checkpoint, not for new ones; logs whose lots are drawn by cosignatures
 * could else ask until one suits them.
 */
function givenBefore(note: Uint8Array, text: string): readonly NoteSignature[] {
  const held = parseNote(note);
  return held.text === text ? held.signatures : [];
}

function parseText(text: string): Checkpoint {
  try {
    return parseCheckpoint(text);
  } catch (cause) {
    if (cause instanceof NoteError) throw new WitnessError('bad-request', cause.message, { cause });
    throw cause;
  }
}

/** Signature lines alone, as they stand in a note. */
function formatLines(signatures: readonly NoteSignature[]): Uint8Array {
  const whole = fromUtf8(formatNote({ text: '\n', signatures }));
  return toUtf8(whole.slice(2));
}
