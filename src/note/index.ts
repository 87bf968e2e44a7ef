/**
 * C2SP signed notes: verifier keys, signed texts, checkpoints, cosignatures, proofs of logging and trust policies. Pure
 * and the same in Node and browser; Ed25519 and ML-DSA-44 are handed in (`src/statement`).
 */
export type { Checkpoint } from './checkpoint.ts';
export { formatCheckpoint, parseCheckpoint } from './checkpoint.ts';
export type { CosignatureAlgorithm, CosignatureVerify, CosignerKey } from './cosignature.ts';
export {
  cosignatureTimestamp,
  cosignatureType,
  cosignatureVerifier,
  cosignedMessage,
  encodeCosignature,
  formatCosignerVkey,
  parseCosignerVkey,
} from './cosignature.ts';
export type { CosignedCheckpoint, Cosigner } from './cosigned-checkpoint.ts';
export { openCosignedCheckpoint } from './cosigned-checkpoint.ts';
export { NoteError } from './errors.ts';
export { checkKeyName, isKeyName } from './key-name.ts';
export type { NoteLimits, NoteSignature, SignedNote } from './note.ts';
export { formatNote, NOTE_LIMITS, parseNote } from './note.ts';
export type { NoteSigner, NoteVerifier, OpenedNote } from './sign-and-open.ts';
export { noteVerifier, openNote, signNote } from './sign-and-open.ts';
export type { StateNote } from './state-note.ts';
export { formatStateNote, parseStateNote } from './state-note.ts';
export type { PolicyWitness, QuorumRule, TlogPolicy } from './tlog-policy.ts';
export { meetsQuorum, parseTlogPolicy, TLOG_POLICY_LIMITS } from './tlog-policy.ts';
export type { TlogProof, TlogProofLimits } from './tlog-proof.ts';
export { formatTlogProof, parseTlogProof, TLOG_PROOF_LIMITS } from './tlog-proof.ts';
export { typedKeyId } from './typed-vkey.ts';
export type { VerifierKey } from './vkey.ts';
export { ED25519, formatVkey, keyIdOf, parseVkey, splitKeyText } from './vkey.ts';
