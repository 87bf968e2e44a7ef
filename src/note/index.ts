/**
 * C2SP signed notes: verifier keys, signed texts and checkpoints. Pure and the same in Node and browser;
 * Ed25519 itself is handed in (`verifyEd25519` of `src/statement`).
 */
export type { Checkpoint } from './checkpoint.ts';
export { formatCheckpoint, parseCheckpoint } from './checkpoint.ts';
export { NoteError } from './errors.ts';
export { checkKeyName, isKeyName } from './key-name.ts';
export type { NoteLimits, NoteSignature, SignedNote } from './note.ts';
export { formatNote, NOTE_LIMITS, parseNote } from './note.ts';
export type { NoteSigner, NoteVerifier, OpenedNote } from './sign-and-open.ts';
export { noteVerifier, openNote, signNote } from './sign-and-open.ts';
export type { VerifierKey } from './vkey.ts';
export { ED25519, formatVkey, keyIdOf, parseVkey, splitKeyText } from './vkey.ts';
