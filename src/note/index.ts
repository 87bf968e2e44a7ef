/**
 * C2SP signed notes: verifier keys, signed texts and checkpoints. Pure and the same in Node and browser;
 * Ed25519 itself is handed in (`verifyEd25519` of `src/statement`).
 */
export type { Checkpoint } from './checkpoint.ts';
export { formatCheckpoint, parseCheckpoint } from './checkpoint.ts';
export { NoteError } from './errors.ts';
export { checkKeyName, isKeyName } from './key-name.ts';
export type { NoteLimits, NoteSignature, NoteSigner, NoteVerifier, OpenedNote, SignedNote } from './note.ts';
export { formatNote, NOTE_LIMITS, noteVerifier, openNote, parseNote, signNote } from './note.ts';
export type { VerifierKey } from './vkey.ts';
export { ED25519, formatVkey, keyIdOf, parseVkey, splitKeyText } from './vkey.ts';
