import { openEnvelope, verifyEnvelope } from '../node-envelope.ts';
import type { Statement } from '../statement.ts';

/** An envelope that was read and whose signatures were looked at. */
export interface VerifiedEnvelope {
  readonly statement: Statement;
  /** SHA-256 of the payload, 64 hex digits: for a release, its digest. */
  readonly payloadDigest: string;
  /** Keys (hex) whose signatures are good, in the envelope's order. */
  readonly signers: readonly string[];
  /** Keys (hex) under which a signature stands that is not theirs. */
  readonly refused: readonly string[];
}

/**
 * Reads an envelope and verifies every signature on it, in this thread: the one rule, which the threads of
 * `VerifyPool` follow too. Throws `StatementError` where the envelope has not the form it must have.
 */
export function verifiedEnvelope(bytes: Uint8Array): VerifiedEnvelope {
  const opened = openEnvelope(bytes);
  const signers = verifyEnvelope(opened);
  const refused = opened.signatures.map(({ key }) => key).filter((key) => !signers.includes(key));
  return { statement: opened.statement, payloadDigest: opened.payloadDigest, signers, refused };
}
