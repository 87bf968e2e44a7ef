import { Buffer } from 'node:buffer';
import { CodedError, concatBytes } from '../../bytes/index.ts';
import { StatementError } from '../errors.ts';
import { statementText } from '../statement.ts';
import { verifyPlainEnvelope } from './plain-envelope.ts';
import { verifiedEnvelope } from './verified-envelope.ts';

/** Envelopes on their way to a thread: one block of bytes that changes hands, and where each of them ends. */
export interface VerifyJob {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly ends: readonly number[];
}

/**
 * What comes back for each envelope, in their order. Texts alone cost a thread the least to send: the statement as JSON,
 * the payload's digest, and the keys with good and with bad signatures, between spaces.
 */
export type VerifyOutcome =
  | readonly [statement: string, payloadDigest: string, signers: string, refused: string]
  | { readonly refused: StatementError['code']; readonly message: string }
  | { readonly fault: string };

export function makeVerifyJob(envelopes: readonly Uint8Array[]): VerifyJob {
  let end = 0;
  const ends = envelopes.map((envelope) => {
    end += envelope.length;
    return end;
  });
  return { bytes: concatBytes(...envelopes), ends };
}

/** What a thread does with a job. Each envelope is for itself: one that is refused leaves the others alone. */
export function doVerifyJob({ bytes, ends }: VerifyJob): VerifyOutcome[] {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return ends.map((end, at) => {
    const envelope = all.subarray(ends[at - 1] ?? 0, end);
    try {
      const plain = verifyPlainEnvelope(envelope);
      if (plain !== undefined) {
        const { payload, payloadDigest, key, isGood } = plain;
        return [payload, payloadDigest, isGood ? key : '', isGood ? '' : key];
      }
      const { statement, payloadDigest, signers, refused } = verifiedEnvelope(envelope);
      return [statementText(statement), payloadDigest, signers.join(' '), refused.join(' ')];
    } catch (error) {
      if (error instanceof StatementError) return { refused: error.code, message: error.message };
      return { fault: error instanceof CodedError ? error.message : String(error) };
    }
  });
}
