import { type Checkpoint, parseCheckpoint } from './checkpoint.ts';
import {
  type CosignatureVerify,
  cosignatureTimestamp,
  cosignatureVerifier,
  TIMESTAMP_BYTES,
} from './cosignature.ts';
import { NoteError } from './errors.ts';
import type { NoteSignature } from './note.ts';
import { noteVerifier, openNote } from './sign-and-open.ts';

/** A checkpoint with the good cosignatures that it carries. */
export interface CosignedCheckpoint {
  readonly checkpoint: Checkpoint;
  /** One a cosigner that was asked about, in the order of the note. */
  readonly cosigners: readonly Cosigner[];
}

export interface Cosigner {
  /** The text of its key, as it was given. */
  readonly vkey: string;
  /** When it cosigned, seconds since 1970. */
  readonly timestamp: number;
  /** Without key id and timestamp: 64 bytes, or 2,420. */
  readonly signature: Uint8Array;
}

/**
 * Opens a checkpoint that `logVkey` must have signed (a plain Ed25519 key whose name is the origin), and says which of
 * `cosignerVkeys` cosigned it and said when. A wrong signature under any of these keys refuses the whole note (`bad-signature`).
 */
export function openCosignedCheckpoint(
  note: Uint8Array,
  logVkey: string,
  cosignerVkeys: readonly string[],
  verify: CosignatureVerify,
): CosignedCheckpoint {
  const log = noteVerifier(logVkey, verify.ed25519);
  const cosigners = cosignerVkeys.map((vkey) => ({ vkey, verifier: cosignatureVerifier(vkey, verify) }));
  const { text, verified } = openNote(note, [log, ...cosigners.map(({ verifier }) => verifier)]);
  if (!verified.some((signature) => isBy(signature, log))) {
    throw new NoteError('unsigned', `the checkpoint is not signed by its log, ${logVkey}`);
  }
  const checkpoint = parseCheckpoint(text);
  if (checkpoint.origin !== log.name) {
    throw new NoteError('bad-checkpoint', `the checkpoint is of ${checkpoint.origin}, not of ${log.name}`);
  }
  const good = verified.flatMap((signature) => {
    const cosigner = cosigners.find(({ verifier }) => isBy(signature, verifier));
    if (cosigner === undefined || cosignatureTimestamp(signature.signature) === 0) return [];
    return [cosignerOf(cosigner.vkey, signature.signature)];
  });
  return { checkpoint, cosigners: good };
}

function cosignerOf(vkey: string, bytes: Uint8Array): Cosigner {
  return { vkey, timestamp: cosignatureTimestamp(bytes), signature: bytes.subarray(TIMESTAMP_BYTES) };
}

function isBy(signature: NoteSignature, { name, keyId }: { name: string; keyId: string }): boolean {
  return signature.name === name && signature.keyId === keyId;
}
