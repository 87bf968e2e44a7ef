import {
  formatCheckpoint,
  NoteError,
  noteVerifier,
  openNote,
  parseCheckpoint,
  signNote,
} from '../note/index.ts';
import { type Signer, verifyEd25519 } from '../statement/index.ts';
import { LogError } from './errors.ts';

/** A tree's size and RFC 6962 root (32 bytes). */
export interface TreeHead {
  readonly size: number;
  readonly root: Uint8Array;
}

/** A tree head, and the receipt time of its newest entry (milliseconds since 1970; 0 for the empty tree). */
export interface TimedHead extends TreeHead {
  readonly timeMs: number;
}

/** A tree head with the log's own signature: the bytes of `/checkpoint` (C2SP tlog-checkpoint). */
export interface SignedHead extends TreeHead {
  readonly note: Uint8Array;
}

/** Signs a tree head. Only a `Publisher` calls this, after it has checked the tree. */
export function signHead({ size, root }: TreeHead, signer: Signer): SignedHead {
  const text = formatCheckpoint({ origin: signer.name, size, root, extensions: [] });
  return { size, root, note: signNote(text, [signer]) };
}

/**
 * Reads a head that this log signed before; `place` is where it was found, for messages. Throws `bad-head`
 * (no checkpoint, no good signature by this key) and `other-log`.
 */
export function openHead(note: Uint8Array, signer: Signer, place: string): SignedHead {
  try {
    const { text } = openNote(note, [noteVerifier(signer.vkey, verifyEd25519)]);
    const { origin, size, root } = parseCheckpoint(text);
    if (origin !== signer.name) {
      throw new LogError('other-log', `${place} is of log ${JSON.stringify(origin)}, not of ${signer.name}`);
    }
    return { size, root, note };
  } catch (cause) {
    if (!(cause instanceof NoteError)) throw cause;
    throw new LogError(
      'bad-head',
      `${place} is no checkpoint signed by ${signer.vkey}: give the log its own key and files (${cause.message})`,
      { cause },
    );
  }
}
