import { Buffer } from 'node:buffer';
import { hash } from 'node:crypto';
import { decodeBase64, toUtf8 } from '../../bytes/index.ts';
import { verifyEd25519ByName } from '../ed25519.ts';
import { preAuthenticationHead } from '../envelope.ts';
import { PAYLOAD_TYPE } from '../envelope-form.ts';
import { StatementError } from '../errors.ts';
import { ENVELOPE_LIMITS } from '../limits.ts';
import { statementFromJson, statementText } from '../statement.ts';
import { isAscii, isLowerHex } from './plain-bytes.ts';

/** What became of an envelope in its plain form. */
export interface PlainOutcome {
  /** The payload, which is exactly what `encodeStatement` makes of its statement. */
  readonly payload: string;
  /** SHA-256 of the payload in hex. */
  readonly payloadDigest: string;
  /** Who signed it, 64 hex digits. */
  readonly key: string;
  readonly isGood: boolean;
}

// An envelope as `formatEnvelope` writes it around one signature: these, and between them base64 and hex digits.
const START = toUtf8(`{"payloadType":"${PAYLOAD_TYPE}","payload":"`);
const AFTER_PAYLOAD = toUtf8('","signatures":[{"keyid":"');
const AFTER_KEY = toUtf8('","sig":"');
const END = toUtf8('"}]}');
const [KEY_DIGITS, SIGNATURE_LETTERS, SIGNATURE_BYTES] = [64, 88, 64];
const REST = AFTER_PAYLOAD.length + KEY_DIGITS + AFTER_KEY.length + SIGNATURE_LETTERS + END.length;

const HEAD = preAuthenticationHead(PAYLOAD_TYPE);
/** Where the payload begins in `work`: before it is room for the head of what is signed, and its length. */
const PAYLOAD_AT = HEAD.length + 8;
/** Memory of every call, since what is allocated for each envelope costs its thread and the collector's more than reading. */
const work = Buffer.alloc(PAYLOAD_AT + ENVELOPE_LIMITS.envelopeBytes);
const signature = new Uint8Array(new ArrayBuffer(SIGNATURE_BYTES));

/**
 * Reads and verifies an envelope of the plain form that nearly all have: one signature, written by `formatEnvelope`
 * around ASCII text by `encodeStatement`. Undefined for every other one, good or bad: `verifiedEnvelope` says what it is.
 * Nothing that this takes would be refused there, or come to anything else.
 */
export function verifyPlainEnvelope(bytes: Buffer): PlainOutcome | undefined {
  const payloadEnd = bytes.length - REST;
  const keyAt = payloadEnd + AFTER_PAYLOAD.length;
  const signatureAt = keyAt + KEY_DIGITS + AFTER_KEY.length;
  const isPlain =
    bytes.length <= ENVELOPE_LIMITS.envelopeBytes &&
    payloadEnd > START.length &&
    stands(START, bytes, 0) &&
    stands(AFTER_PAYLOAD, bytes, payloadEnd) &&
    stands(AFTER_KEY, bytes, keyAt + KEY_DIGITS) &&
    stands(END, bytes, signatureAt + SIGNATURE_LETTERS) &&
    isLowerHex(bytes, keyAt, keyAt + KEY_DIGITS) &&
    decodeBase64(bytes, signatureAt, signatureAt + SIGNATURE_LETTERS, signature, 0) === SIGNATURE_BYTES;
  if (!isPlain) return undefined;
  const end = decodeBase64(bytes, START.length, payloadEnd, work, PAYLOAD_AT);
  if (end === undefined || !isAscii(work, PAYLOAD_AT, end)) return undefined;
  const payload = work.toString('latin1', PAYLOAD_AT, end);
  if (!isPlainStatement(payload)) return undefined;
  const key = bytes.toString('latin1', keyAt, keyAt + KEY_DIGITS);
  return {
    payload,
    payloadDigest: hash('sha256', work.subarray(PAYLOAD_AT, end)),
    key,
    isGood: verifyEd25519ByName(key, signedPart(end), signature),
  };
}

/** Whether a text is what `encodeStatement` writes: then its keys stand once, and its numbers are plain. */
function isPlainStatement(text: string): boolean {
  try {
    return statementText(statementFromJson(JSON.parse(text))) === text;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof StatementError) return false;
    throw error;
  }
}

/** The pre-authentication encoding of the payload in `work`, put together before it. */
function signedPart(end: number): Uint8Array {
  const length = `${end - PAYLOAD_AT} `;
  const lengthAt = PAYLOAD_AT - length.length;
  work.write(length, lengthAt, 'latin1');
  work.set(HEAD, lengthAt - HEAD.length);
  return work.subarray(lengthAt - HEAD.length, end);
}

function stands(expected: Uint8Array, bytes: Uint8Array, from: number): boolean {
  for (let at = 0; at < expected.length; at += 1) {
    if (bytes[from + at] !== expected[at]) return false;
  }
  return true;
}
